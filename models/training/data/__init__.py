"""The training pictures: toy-like subjects, tints and drawn scenes, put together with captions."""
