"""Images: their records, their bytes, who may see them."""
