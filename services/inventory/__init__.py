"""The inventory participant: reserves, deducts and gives back stock in several warehouses."""
