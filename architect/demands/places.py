"""Names of places: two different ones in a text are two regions."""

from __future__ import annotations

from itertools import groupby

_NAMES = """
    abidjan, abu dhabi, accra, adelaide, africa, alaska, alberta, algeria, algiers, america, amsterdam, anchorage,
    angola, ankara, antarctica, antwerp, apac, arctic, argentina, arizona, asia, asia pacific, asuncion, athens,
    atlanta, auckland, austin, australia, austria, azerbaijan, baghdad, bahrain, baku, bali, baltimore, bangalore,
    bangkok, bangladesh, barcelona, basel, bavaria, beijing, beirut, belfast, belgium, belgrade, bengaluru, bergen,
    berlin, bern, birmingham, bogota, bolivia, bombay, bordeaux, boston, botswana, brasilia, bratislava, brazil,
    bremen, brisbane, bristol, britain, british columbia, brussels, bucharest, budapest, buenos aires, bulgaria,
    cairo, calcutta, calgary, california, cambodia, cameroon, canada, canberra, cape town, caracas, cardiff,
    casablanca, charlotte, chengdu, chennai, chicago, chile, china, chongqing, cleveland, cologne, colombia, colombo,
    colorado, copenhagen, costa rica, croatia, cuba, cyprus, czech republic, czechia, dakar, dallas, delhi, denmark,
    denver, detroit, dhaka, doha, dresden, dubai, dublin, durban, dusseldorf, ecuador, edinburgh, egypt, emea,
    estonia, ethiopia, eu, europe, fiji, finland, florence, florida, france, frankfurt, fukuoka, geneva, genoa,
    germany, ghana, glasgow, gothenburg, graz, greece, greenland, guadalajara, guangzhou, guatemala, hamburg,
    hangzhou, hanoi, hanover, havana, hawaii, helsinki, ho chi minh city, hobart, hong kong, honolulu, houston,
    hungary, hyderabad, iceland, idaho, illinois, india, indiana, indonesia, iowa, iran, iraq, ireland, islamabad,
    israel, istanbul, italy, ivory coast, jakarta, jamaica, japan, jeddah, jerusalem, johannesburg, kabul, kampala,
    kansas, karachi, kathmandu, kazakhstan, kenya, kiev, kingston, kinshasa, kolkata, korea, krakow, kuala lumpur,
    kuwait, kyiv, kyoto, lagos, lahore, las vegas, latin america, latvia, lebanon, leipzig, lima, lisbon, lithuania,
    liverpool, ljubljana, london, los angeles, louisiana, luanda, lusaka, luxembourg, lyon, macau, madagascar, madrid,
    malaysia, malmo, malta, manchester, manila, maputo, marseille, mauritius, melbourne, memphis, mexico, mexico city,
    miami, michigan, middle east, milan, minneapolis, minnesota, minsk, mongolia, monterrey, montevideo, montreal,
    morocco, moscow, mozambique, mumbai, munich, muscat, myanmar, nairobi, namibia, naples, nepal, netherlands,
    nevada, new delhi, new jersey, new orleans, new york, new zealand, newcastle, nigeria, north america, north
    carolina, norway, nova scotia, nuremberg, ohio, oman, ontario, oregon, osaka, oslo, ottawa, pakistan, panama,
    paraguay, paris, pennsylvania, perth, peru, philadelphia, philippines, phnom penh, pittsburgh, poland, portland,
    porto, portugal, prague, pretoria, puerto rico, qatar, quebec, quito, reykjavik, riga, rio de janeiro, riyadh,
    romania, rome, rotterdam, russia, rwanda, saint petersburg, salt lake city, salzburg, san antonio, san diego, san
    francisco, san jose, santiago, santo domingo, sao paulo, sapporo, saudi arabia, scandinavia, scotland, seattle,
    senegal, seoul, serbia, seville, shanghai, shenzhen, siberia, sicily, singapore, slovakia, slovenia, sofia, south
    africa, south america, south korea, spain, sri lanka, st louis, stockholm, strasbourg, stuttgart, svalbard,
    sweden, switzerland, sydney, taipei, taiwan, tallinn, tampa, tanzania, tashkent, tasmania, tehran, tel aviv,
    tennessee, texas, thailand, the eu, the uk, the united kingdom, the united states, the us, the usa, tokyo,
    toronto, toulouse, tunis, tunisia, turin, uganda, uk, ukraine, ulaanbaatar, united kingdom, united states,
    uruguay, us, usa, utah, utrecht, vancouver, venezuela, venice, vienna, vietnam, vilnius, virginia, wales, warsaw,
    washington, wellington, wisconsin, wroclaw, wuhan, yokohama, zagreb, zambia, zimbabwe, zurich
"""


def _grouped(names: list[str]) -> str:
    """Return a pattern for any of the names that looks at few of them: those with the same two letters first."""
    groups = ((two, [name[2:] for name in group]) for two, group in groupby(sorted(names), lambda name: name[:2]))
    return "|".join(f"{two}(?:{'|'.join(sorted(rests, key=len, reverse=True))})" for two, rests in groups)


PLACE_NAME = f"(?:{_grouped(' '.join(_NAMES.split()).split(', '))})"
"""Any of them, lower case, as a piece of a pattern."""
