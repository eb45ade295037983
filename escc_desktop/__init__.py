"""Desktop imaging workstation for radiomics in advanced esophageal squamous cell carcinoma."""
