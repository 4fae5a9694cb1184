"""How fast hubtrace is, beside the tools and the limits that it is measured against."""
