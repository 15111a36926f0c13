"""The shipping participant: picks, packs, ships by the carrier, and hears of deliveries."""
