"""The sources: git, GitHub, the Hugging Face Hub, the two together (live), a study table."""
