"""What each page of the window shows, fetched as plain records; roles and blinding are checked on the way."""
