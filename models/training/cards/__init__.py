"""Model cards, written from manifests, so that they cannot say what training did not measure."""
