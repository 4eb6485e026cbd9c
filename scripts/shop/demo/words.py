"""The words that the demo shop is generated from: names, addresses, products, descriptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["CANCELLED_BECAUSE", "COUNTRIES", "FAMILIES", "PAID_WITH", "Country", "Family", "Thing"]


@dataclass(frozen=True)
class Country:
    """`streets` have a place for the number; `cities` some postal codes each. The more `share`,
    the more customers.
    """

    code: str
    share: int
    first_names: Sequence[str]
    last_names: Sequence[str]
    streets: Sequence[str]
    cities: Mapping[str, Sequence[str]]


COUNTRIES = [
    Country(
        "AT",
        6,
        ["Anna", "Birgit", "Florian", "Jürgen", "Käthe", "Leopold", "Magdalena", "Matthäus"],
        ["Brunner", "Fürnkranz", "Gruber", "Höllerer", "Moser", "Pichler", "Steindl", "Wögerbauer"],
        ["Hauptstraße {}", "Kirchengasse {}", "Am Mühlbach {}", "Lindenweg {}"],
        {
            "Wien": ["1010", "1040", "1070", "1180"],
            "Graz": ["8010", "8020"],
            "Linz": ["4020"],
            "Klosterneuburg": ["3400"],
            "Sankt Pölten": ["3100"],
        },
    ),
    Country(
        "DE",
        6,
        ["Anneliese", "Björn", "Friederike", "Heike", "Jörg", "Lukas", "Sören", "Ursula"],
        ["Böhm", "Fischer", "Großmann", "Krüger", "Lehmann", "Müller", "Schäfer", "Weiß"],
        ["Bahnhofstraße {}", "Gartenweg {}", "Schillerstraße {}", "Am Alten Markt {}"],
        {
            "Berlin": ["10115", "10437", "12047"],
            "München": ["80331", "81667"],
            "Köln": ["50667", "50823"],
            "Leipzig": ["04103", "04229"],
            "Düsseldorf": ["40213"],
        },
    ),
    Country(
        "FR",
        4,
        ["Amélie", "Benoît", "Chloé", "Étienne", "François", "Hélène", "Noémie", "Thibault"],
        ["Bézier", "Chevalier", "Delacroix", "Garçon", "Lefèvre", "Moreau", "Périer", "Rousseau"],
        [
            "{} rue de la République",
            "{} avenue Jean Jaurès",
            "{} place du Marché",
            "{} quai Rameau",
        ],
        {
            "Paris": ["75003", "75011", "75018"],
            "Lyon": ["69002", "69007"],
            "Besançon": ["25000"],
            "Saint-Étienne": ["42000"],
        },
    ),
    Country(
        "IT",
        3,
        ["Beatrice", "Chiara", "Giosuè", "Ludovica", "Matteo", "Niccolò", "Ottavia", "Tommaso"],
        ["Bianchi", "Colombo", "De Santis", "Ferrari", "Galli", "Marchetti", "Nicolò", "Rizzo"],
        ["Via Garibaldi {}", "Corso Italia {}", "Piazza Dante {}", "Via dei Mille {}"],
        {
            "Milano": ["20121", "20144"],
            "Bologna": ["40121"],
            "Torino": ["10123"],
            "Forlì": ["47121"],
        },
    ),
    Country(
        "ES",
        3,
        ["Álvaro", "Begoña", "Íñigo", "Lucía", "María José", "Nerea", "Óscar", "Rocío"],
        ["Castaño", "Domínguez", "Fernández", "García", "Ibáñez", "Muñoz", "Núñez", "Ordóñez"],
        [
            "Calle Mayor {}",
            "Avenida de la Constitución {}",
            "Plaza de España {}",
            "Paseo Marítimo {}",
        ],
        {
            "Madrid": ["28004", "28013"],
            "Málaga": ["29008"],
            "A Coruña": ["15003"],
            "Logroño": ["26001"],
        },
    ),
    Country(
        "PT",
        2,
        ["Beatriz", "Gonçalo", "Inês", "João", "Leonor", "Tomás"],
        ["Araújo", "Conceição", "Gonçalves", "Magalhães", "Simões", "Valadão"],
        ["Rua Augusta {}", "Rua da Boavista {}", "Avenida da Liberdade {}"],
        {"Lisboa": ["1100-048", "1250-096"], "Porto": ["4000-322"], "Setúbal": ["2900-305"]},
    ),
    Country(
        "NL",
        2,
        ["Anouk", "Daan", "Femke", "Joris", "Maartje", "Thijs"],
        ["Bakker", "Dijkstra", "Hoekstra", "Kuipers", "Van den Berg", "Visser"],
        ["Keizersgracht {}", "Kerkstraat {}", "Molenweg {}"],
        {"Amsterdam": ["1012 JS", "1017 DR"], "Utrecht": ["3511 BM"], "Groningen": ["9711 LM"]},
    ),
    Country(
        "PL",
        3,
        ["Agnieszka", "Łukasz", "Małgorzata", "Paweł", "Stanisław", "Zofia"],
        ["Gołąb", "Kowalczyk", "Krawczyk", "Nowak", "Wójcik", "Woźniak"],
        ["ul. Długa {}", "ul. Świętego Marka {}", "al. Niepodległości {}"],
        {
            "Kraków": ["31-042", "30-059"],
            "Łódź": ["90-001"],
            "Gdańsk": ["80-831"],
            "Wrocław": ["50-101"],
        },
    ),
    Country(
        "SE",
        2,
        ["Åsa", "Elin", "Göran", "Linnéa", "Märta", "Nils"],
        ["Åkerström", "Bergström", "Hägglund", "Lindqvist", "Sjöberg", "Öberg"],
        ["Storgatan {}", "Järntorget {}", "Ängsvägen {}"],
        {"Göteborg": ["411 04", "413 01"], "Malmö": ["211 22"], "Umeå": ["903 26"]},
    ),
    Country(
        "IE",
        2,
        ["Aoife", "Ciarán", "Niamh", "Pádraig", "Róisín", "Seán"],
        ["Byrne", "Gallagher", "Murphy", "Ní Bhriain", "O'Connor", "Ó Súilleabháin"],
        ["{} Harbour Road", "{} Shop Street", "{} St Patrick's Terrace"],
        {"Dublin": ["D02 X285", "D08 NF82"], "Galway": ["H91 A2XY"], "Cork": ["T12 W8KP"]},
    ),
    Country(
        "GB",
        3,
        ["Alistair", "Beatrix", "Callum", "Imogen", "Rhys", "Siân", "Winifred", "Zoë"],
        ["Ashworth", "Brontë", "Clarke", "Fairweather", "Hughes", "MacLeod", "Pemberton", "Whitby"],
        ["{} Church Lane", "{} Station Road", "{} Mill Street", "{} Victoria Terrace"],
        {
            "London": ["E8 3RL", "N1 7AA", "SE15 4QN"],
            "Edinburgh": ["EH1 2NG"],
            "Bristol": ["BS1 4DJ"],
            "York": ["YO1 7HH"],
        },
    ),
    Country(
        "US",
        4,
        ["Abigail", "Andre", "Chloë", "Emily", "Grace", "Josué", "Marcus", "Theodore"],
        ["Anderson", "Brooks", "Castañeda", "Hopper", "Johnson", "Nguyễn", "Walker", "Whitfield"],
        ["{} Elm Street", "{} Lincoln Avenue", "{} Maple Drive", "{} Washington Boulevard"],
        {
            "Portland, OR": ["97205", "97214"],
            "Boston, MA": ["02116", "02127"],
            "Chicago, IL": ["60614", "60622"],
            "Austin, TX": ["78704"],
            "Cañon City, CO": ["81212"],
        },
    ),
]


@dataclass(frozen=True)
class Thing:
    """`low` and `high` are what it may cost, in euros."""

    name: str
    low: int
    high: int
    use: str


@dataclass(frozen=True)
class Family:
    """Things that are made in the same ways (`makes`) of the same `materials`; with a sentence on
    each.
    """

    name: str
    things: Sequence[Thing]
    materials: Mapping[str, str]
    makes: Mapping[str, str]


FAMILIES = [
    Family(
        "pottery",
        [
            Thing("mug", 14, 28, "Holds a good third of a litre, and your hand."),
            Thing("teapot", 39, 79, "For four cups; the spout does not drip."),
            Thing("salad bowl", 29, 64, "Large enough for six people."),
            Thing("espresso cup", 9, 19, "With a saucer that fits."),
            Thing("dinner plate", 17, 34, "26 centimetres across, with a rim."),
            Thing("flower vase", 24, 89, "Stands firm, also with sunflowers in it."),
        ],
        {
            "stoneware": "Fired at 1,250 degrees, so the dishwasher can't hurt it.",
            "porcelain": "Thin at the edge, and tougher than it looks.",
            "earthenware": "Keeps warm for long; wash it by hand.",
        },
        {
            "hand-thrown": "Thrown on the wheel, no two are alike.",
            "speckled": "The iron in the clay makes the dots.",
            "sea-green": "The glaze is mixed from ash and copper.",
            "matt white": "Unglazed outside, glazed inside.",
        },
    ),
    Family(
        "furniture",
        [
            Thing("reading lamp", 59, 149, "Its arm stays where you put it."),
            Thing("step stool", 49, 99, "Two steps up to the top shelf."),
            Thing("side table", 89, 220, "For a book, a glass, and a lamp."),
            Thing("bookshelf", 160, 390, "Five boards; holds 60 kilograms."),
            Thing("coat rack", 45, 120, "Six hooks, screws included."),
            Thing("picture frame", 19, 49, "For 30 by 40 centimetres, with a passe-partout."),
        ],
        {
            "oak": "The oak is from the Wienerwald and oiled twice.",
            "walnut": "The walnut darkens in the sun, and grows on you.",
            "birch": "The birch is plied in nine layers, light and stiff.",
        },
        {
            "folding": "Folds flat, and hides behind any door.",
            "slender": "As little of it as would still hold.",
            "solid": "Nothing is veneered, nothing is hollow.",
            "dovetailed": "The corners are joined without a screw.",
        },
    ),
    Family(
        "textiles",
        [
            Thing("blanket", 69, 189, "130 by 190 centimetres."),
            Thing("scarf", 34, 89, "Two metres long, with short fringes."),
            Thing("cushion", 24, 59, "50 by 50 centimetres, with its filling."),
            Thing("tea towel", 8, 19, "Dries glasses without leaving lint."),
            Thing("tablecloth", 39, 99, "For a table of six."),
            Thing("kitchen apron", 29, 54, "Two pockets, and straps that cross at the back."),
        ],
        {
            "linen": "The linen gets softer with every wash.",
            "merino": "The merino does not scratch.",
            "cotton": "The cotton is organic, and washes at 60 degrees.",
        },
        {
            "striped": "The stripes are woven in, not printed.",
            "herringbone": "Woven in a small mill that has done so since 1907.",
            "indigo": "Dyed in a vat, so it will fade as it should.",
            "undyed": "In the colour it grew in.",
        },
    ),
    Family(
        "leather",
        [
            Thing("satchel", 129, 279, "Takes a laptop of 14 inches and your lunch."),
            Thing("wallet", 35, 79, "Six cards, notes, and a few coins."),
            Thing("notebook cover", 29, 59, "For any notebook of the size A5."),
            Thing("rucksack", 149, 299, "22 litres, with a pocket you find in the dark."),
            Thing("key ring", 9, 19, "Holds up to eight keys."),
            Thing("spectacle case", 25, 49, "Closes with a click."),
        ],
        {
            "calfskin": "The calfskin is tanned with bark, for six weeks.",
            "cork": "No animal was needed: cork is light, and sheds the rain.",
            "canvas": "The canvas is waxed; wax it again every other winter.",
        },
        {
            "saddle-stitched": "If one stitch breaks the others hold.",
            "cognac": "The colour deepens with the years.",
            "black": "Goes with everything.",
            "lined": "Lined with a cloth that you will see only now and then.",
        },
    ),
    Family(
        "kitchen",
        [
            Thing("frying pan", 39, 119, "28 centimetres; for every kind of stove."),
            Thing("kettle", 45, 129, "1.2 litres; it sings when it boils."),
            Thing("corkscrew", 15, 45, "Two levers, so that no cork breaks."),
            Thing("candlestick", 19, 59, "For candles of the usual width."),
            Thing("pepper mill", 29, 69, "Grinds fine to coarse; the mechanism is for life."),
            Thing("bread knife", 35, 89, "Cuts the crust, not the board."),
        ],
        {
            "copper": "The copper is lined with tin, and likes to be polished.",
            "brass": "The brass is not lacquered and will age.",
            "steel": "The steel does not rust.",
        },
        {
            "hammered": "Hammered by hand; you can see each blow.",
            "brushed": "Brushed, so that fingers leave no marks.",
            "forged": "Forged from one piece.",
            "long-handled": "The handle stays cool.",
        },
    ),
    Family(
        "stationery",
        [
            Thing("notebook", 9, 24, "160 pages that lie flat."),
            Thing("wall calendar", 14, 29, "A page for each month, with the moon."),
            Thing("letter set", 12, 32, "Twenty sheets, twenty envelopes."),
            Thing("sketchbook", 15, 39, "Takes ink and a little water."),
            Thing("address book", 12, 26, "With tabs from A to Z, and room for those who move."),
            Thing("desk pad", 18, 45, "A sheet for each week."),
        ],
        {
            "laid paper": "You see the lines of the mould against the light.",
            "recycled": "Made of what was a newspaper before.",
            "kraft": "Brown, strong, and cheap to post.",
        },
        {
            "thread-bound": "Bound with thread, so that no page falls out.",
            "dotted": "A faint dot every five millimetres.",
            "letterpress": "Printed on a press of 1954.",
            "pocket": "Fits where a telephone fits.",
        },
    ),
]

PAID_WITH = ["card-on-file", "card-visa", "card-mastercard", "direct-debit"]

CANCELLED_BECAUSE = [
    "Found it in the attic.",
    "Ordered twice by mistake.",
    "It would arrive after the birthday.",
    "The colour does not go with the sofa after all.",
]
