"""The gateway: takes orders over HTTP and shows what becomes of them."""
