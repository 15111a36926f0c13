"""Whole requests of three texts whose guarantees lie in all of them: those that contradict each other, and others."""

# ruff: noqa: E501 - one wording a line, as somebody would write it

from __future__ import annotations

CONTRADICTORY = (
    (
        "Micro-trading with live market data from several exchanges",
        "1,000,000 TPS over three continents",
        "Strong consistency across regions, zero tolerance for latency",
    ),
    (
        "Bank transfers between branches in Oslo, Lagos and Lima",
        "200 transfers per second",
        "Every branch sees the same balances at every instant and works on when cut off",
    ),
    (
        "Seat booking, active-active in three regions",
        "5,000 bookings per second",
        "A seat is never sold twice; each region always accepts bookings, also while isolated",
    ),
    ("Ledger replicated to EU and US", "50 tps", "strict consistency; infinite availability"),
    (
        "Inventory in two countries, single source of truth in both",
        "low volume",
        "no replication delay permitted, no stale read permitted",
    ),
    (
        "Currency exchange with offices in Zurich and Tokyo",
        "3,000 deals per second",
        "The rate book is the same in both offices at any instant; deals settle in 0.5 ms; nothing stale is ever shown",
    ),
    (
        "Stock exchange matching in three cities",
        "2 million orders per second",
        "identical order books at all sites, zero delay",
    ),
    (
        "Payment authorisation in many countries",
        "10k tps",
        "limits are checked against the exact global balance; authorisation works through any network partition",
    ),
    (
        "Trading platform with matching engines in Chicago, Frankfurt and Tokyo",
        "5 million orders/sec",
        "All engines hold the exact same book with no delay between them",
    ),
    (
        "Loyalty points across partner airlines in 40 countries",
        "1,000 tps",
        "Points can never be spent twice, and spending works at every partner even while that partner is offline",
    ),
    (
        "Multiplayer economy with servers on five continents",
        "100k trades per second",
        "One consistent market for all players, trades feel instantaneous everywhere, servers never reject a trade even when disconnected",
    ),
    (
        "Central securities depository, two sites 800 km apart",
        "10,000 settlements per second",
        "Both sites always identical; each settlement final in 0.1 ms at both sites",
    ),
    (
        "Airline seat inventory shared by 14 countries",
        "20k req/s",
        "seat counts globally exact in real time, 100% available, response unaffected by network distance",
    ),
    ("Payments in EU, US, APAC", "50,000 tps", "Serializable isolation globally, commit < 1ms, never unavailable"),
    (
        "Electronic voting in 50 countries",
        "10,000 votes per second",
        "One exact global tally at any instant; polling stations keep counting when offline",
    ),
    (
        "Ad budget pacing across US, EU and Asia",
        "500k decisions/s",
        "budget never overspent by a cent, decision in 0.1 ms in each region",
    ),
    (
        "Global ticketing, active-active in four regions",
        "1M requests per minute",
        "never sell a seat twice, never show an error, respond in 2 ms everywhere",
    ),
    (
        "Real-time bidding between Virginia and Frankfurt",
        "2M bids/s",
        "a campaign's remaining budget has to be strongly consistent on both sides; bids are decided in 1 ms",
    ),
    (
        "Global wallet",
        "8 regions, 300k tps",
        "strong consistency; no wallet may ever be unavailable; commits under 1 ms",
    ),
    (
        "Concert tickets sold in Tokyo, Paris and Rio",
        "peak 100k/s",
        "no double sale; each city sells on if the internet between them breaks; always exact remaining count",
    ),
    (
        "Global chat moderation with one shared ban list",
        "four regions",
        "a ban takes effect everywhere at the same instant; the list is never out of date; no region ever waits",
    ),
    ("Clearing house, Paris and New York", "5,000/s", "strict consistency between both, never down, 1 ms"),
)
CONSISTENT = (
    (
        "Money transfer, strong consistency",
        "single region, 2,000 tps",
        "p99 20 ms, 99.99 % available, no transfer lost",
    ),
    ("Catalogue replicated to five regions, stale reads fine", "100,000 reads/s", "reads in 1 ms, always available"),
    (
        "Order fulfilment with payment, inventory, shipping and strict compensation",
        "10,000 concurrent, 500 ev/s",
        "zero loss, RTO below 5 s, 200 ms per transition, multi-AZ",
    ),
    (
        "Travel booking: flight, hotel, car",
        "50 bookings per second in Europe and the US",
        "If the hotel is full, cancel the flight; results consistent within a minute; 99.95 % availability",
    ),
    (
        "Insurance claim: check, assess, pay",
        "20 claims a minute in Germany and France",
        "no claim lost, answer within a day, GDPR",
    ),
    (
        "Order to cash over order, billing, shipping",
        "300 orders/s, active-active in two zones of one region",
        "zero loss, zero double billing, RTO 10 s, strong consistency within an order",
    ),
    (
        "Hotel booking with payment and confirmation mail",
        "100 bookings a minute, worldwide guests",
        "a room is never booked twice; single database in Ireland; 99.9 %",
    ),
    (
        "Parcel tracking in 12 countries",
        "3,000 scans per second",
        "scans may arrive late; a country that is offline catches up later; nothing lost",
    ),
    (
        "Food delivery: order, restaurant confirmation, courier, payment",
        "2,000 orders per minute in three cities",
        "the customer sees the courier's position within 5 s; no double charge; 99.9 %",
    ),
    (
        "Telecom provisioning over CRM, billing and network inventory",
        "50 activations/s",
        "all systems consistent when the saga has ended; roll back on failure; retries for up to 24 h",
    ),
    (
        "Ride hailing: match, fare hold, trip, capture",
        "1,000 rides/s in the US and India",
        "each city is served by its own cluster; no data shared between cities; p95 150 ms",
    ),
    (
        "E-prescription: doctor, insurer, pharmacy",
        "30 per second",
        "no prescription filled twice; pharmacies that are offline write on paper and enter it later; audit for 10 years",
    ),
    (
        "School enrolment over three ministries",
        "10 per second",
        "every application is answered within a week; nothing lost; no double enrolment",
    ),
    (
        "Warehouse robots: pick, pack, hand over",
        "200 tasks/s on one site",
        "robots keep working when Wi-Fi drops and report later; counts corrected nightly",
    ),
    (
        "Clinic appointments: book, remind, bill",
        "5 per second in 30 clinics",
        "a slot is never booked twice; one central database; if it is down, booking waits",
    ),
    (
        "IoT firmware rollout",
        "1 million devices, 1,000/s",
        "devices are offline for days and catch up later; each gets the firmware exactly once",
    ),
    (
        "Bank onboarding: KYC, account, card",
        "20 per minute",
        "strong consistency of the account; audit; no time limit; manual approval up to 3 days",
    ),
    (
        "Grid metering in 4 countries",
        "2 million readings per hour",
        "readings may be late or doubled; monthly bill exact; 99 %",
    ),
    ("Newsletter with unsubscribe", "global readers", "an unsubscribe takes effect within a day; no mail twice"),
    ("Clearing house, Paris only", "5,000/s", "strict consistency, 99.99 %, 20 ms, zero loss"),
)
