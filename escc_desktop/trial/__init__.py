"""The trial record: baseline, treatment, response, safety, survival."""
