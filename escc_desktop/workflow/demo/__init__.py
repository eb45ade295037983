"""The synthetic study: 59 patients drawn from known numbers, with their CT, records and truth.

Nothing in it comes from a person. `truth` draws what is true of each patient, `records` writes what the trial would
have recorded of it; anatomy, CT and readers follow in their own modules. All numbers live in `resources/demo/`; the
same seed gives the same bytes.
"""
