"""The three networks of the embedded model and the noise schedule they share."""
