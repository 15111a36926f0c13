"""Personal data by reference: sealed with a key for each customer, unreadable once that key is destroyed."""
