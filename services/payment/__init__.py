"""The payment participant: captures and refunds at the PSP, each once."""
