"""Requirements in, a design document out: pure functions over text and numbers, no clock, no chance, no network."""
