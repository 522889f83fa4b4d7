"""Images, histograms, tensors and texts of a run, by tag and step."""
