"""GitHub: a REST client with retries, rate limits and conditional requests; repositories."""
