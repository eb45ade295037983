"""What the numbers mean for a patient: model cards and assessments."""
