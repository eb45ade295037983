"""What stands around the pages: rail, head, foot, job tray, palette, start."""
