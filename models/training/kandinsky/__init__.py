"""A small Kandinsky 2.1 in the latent space of the embedded model: its networks, their training and their export."""
