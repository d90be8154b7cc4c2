"""Who and what the sandbox's portals know: contacts, companies, products.

The first ones are customers and items of the QuickBooks sandbox company too (quickbooks contract 7),
the rest is only in HubSpot.
"""

from __future__ import annotations

LONG_NAME = "The Society for the Preservation of Very Long Customer Names and Their Abbreviations " * 8
LONG_NAME = LONG_NAME[:600]

# key, first name, last name, e-mail, key of the company or None, more properties
Person = tuple[str, str, str, str, str | None, dict[str, str]]
# key, name, domain, more properties
Firm = tuple[str, str, str, dict[str, str]]
# key, name, price or None, SKU, description
Ware = tuple[str, str, str | None, str, str]

_BAYSHORE = {"address": "4581 Finch St.", "city": "Bayshore", "state": "CA", "zip": "94326", "country": "USA"}
_HALF_MOON = {"address": "12 Ocean Dr.", "city": "Half Moon Bay", "state": "CA", "zip": "94213", "country": "USA"}
_MENLO = {"address": "65 Ocean Dr.", "city": "Menlo Park", "state": "CA", "zip": "94210", "country": "USA"}

US_COMPANIES: list[Firm] = [
    ("amy", "Amy's Bird Sanctuary", "amysbirds.example.com", {**_BAYSHORE, "phone": "(650) 555-3311"}),
    ("bill", "Bill's Windsurf Shop", "billswindsurf.example.com", {**_HALF_MOON, "phone": "(415) 444-6538"}),
    ("cars", "Cool Cars", "coolcars.example.com", {**_HALF_MOON, "phone": "(415) 555-9933"}),
    ("dukes", "Dukes Basketball Camp", "dukes.example.com", {"phone": "(520) 420-5638"}),
    ("freeman", "Freeman Sporting Goods", "freemansports.example.com", {**_MENLO, "phone": "(650) 555-0987"}),
    ("jeff", "Jeff's Jalopies", "jalopies.example.com", {**_MENLO, "phone": "(650) 555-8989"}),
    ("paulsen", "Paulsen Medical Supplies", "paulsen.example.com", {"phone": "(650) 557-8569"}),
    ("diner", "Red Rock Diner", "redrockdiner.example.com", {"phone": "(650) 555-4973"}),
    ("fern", "Fern & Fable Bookshop", "fernandfable.example.com", {"city": "Palo Alto", "state": "CA"}),
    ("quinn", "Quinn Dental Group", "quinndental.example.com", {"city": "San Mateo", "state": "CA"}),
    ("colon", "Northgate: East Wing\tAnnexe", "northgate.example.com", {}),
    ("long", LONG_NAME, "longname.example.com", {}),
    ("markup", 'Smith <b>& Sons</b> "Ltd"', "smithandsons.example.com", {}),
    ("berlin", "Gärtnerei Müller GmbH", "gaertnerei-mueller.example.com", {"city": "Berlin", "country": "Germany"}),
    ("bessie", "Books by Bessie", "bessie.example.com", {}),
    ("kookies", "Kookies by Kathy", "kookies.example.com", {}),
    ("ocean", "0969 Ocean View Road", "oceanview.example.com", {}),
]

US_CONTACTS: list[Person] = [
    ("amy", "Amy", "Lauterbach", "Birds@intuit.com", "amy", {"phone": "(650) 555-3311"}),
    ("bill", "Bill", "Lucchini", "Surf@intuit.com", "bill", {}),
    ("grace", "Grace", "Pariente", "Cool_Cars@intuit.com", "cars", {}),
    ("peter", "Peter", "Dukes", "Dukes_bball@intuit.com", "dukes", {}),
    ("sasha", "Sasha", "Tillou", "Sporting_goods@intuit.com", "freeman", {}),
    ("geeta", "Geeta", "Kalapatapu", "Geeta@Kalapatapu.com", None, {}),
    ("jeff", "Jeff", "Chin", "Jalopies@intuit.com", "jeff", {}),
    ("john", "John", "Melton", "John@Melton.com", None, {}),
    ("mark", "Mark", "Cho", "Mark@Cho.com", None, {}),
    ("travis", "Travis", "Waldron", "Travis@Waldron.com", None, {}),
    ("ines", "Inés", "Ferreira", "ines@example.com", "fern", {"address": "9 Emerson St", "city": "Palo Alto"}),
    ("noor", "Noor", "Haddad", "noor@example.com", "quinn", {}),
    ("billing", "Priya", "Raman", "accounts.payable@example.com", "quinn", {"jobtitle": "Accounts payable"}),
    ("obrien", "Siobhán", "O'Brien", "o'brien@example.com", None, {}),
    ("emoji", "Robin 🌻", "Sommer 🎉", "robin@example.com", None, {}),
    ("rtl", "יעל", "כהן", "yael@example.com", None, {"hs_language": "he"}),
    ("long", LONG_NAME, "", "long@example.com", "long", {}),
    ("silent", "Sam", "Withoutmail", "", None, {"phone": "(650) 555-0000"}),
    ("markup", "Eve", "Smith", "eve@example.com", "markup", {}),
    ("jonas", "Jonas", "Müller", "jonas@example.com", "berlin", {}),
    ("colon", "Nora", "Gate", "nora@example.com", "colon", {}),
    ("bessie", "Bessie", "Williams", "bessie@example.com", "bessie", {}),
    ("employee", "John", "Johnson", "john.johnson@example.com", None, {}),
    ("kathy", "Kathy", "Kuplis", "qbwebsamplecompany@yahoo.com", "kookies", {}),
]

US_PRODUCTS: list[Ware] = [
    ("services", "Services", None, "", "Whatever needs doing"),
    ("hours", "Hours", None, "", "Work by the hour"),
    ("concrete", "Concrete", None, "CONCRETE", "Concrete for fountain installation"),
    ("design", "Design", "75", "DESIGN", "Custom Design"),
    ("fountain", "Rock Fountain", "275", "FOUNTAIN-R", "Rock Fountain"),
    ("gardening", "Gardening", None, "", "Weekly Gardening Service"),
    ("installation", "Installation", "50", "INSTALL", "Installation of landscape design"),
    ("lighting", "Lighting", "15", "LIGHT", "Garden Lighting"),
    ("maintenance", "Maintenance & Repair", "50", "MAINT", "Maintenance & Repair"),
    ("pest", "Pest Control", "35", "PEST", "Pest Control Services"),
    ("pump", "Pump", "15", "PUMP", "Fountain Pump"),
    ("rocks", "Rocks", None, "ROCKS", "Garden Rocks"),
    ("sod", "Sod", None, "SOD", "Sod"),
    ("soil", "Soil", "10", "SOIL", "2 cubic ft. bag"),
    ("heads", "Sprinkler Heads", "2", "SPR-HEAD", "Sprinkler Heads"),
    ("pipes", "Sprinkler Pipes", "4", "SPR-PIPE", "Sprinkler Pipes"),
    ("trimming", "Trimming", "15", "TRIM", "Tree and Shrub Trimming"),
    ("koi", "Koi Pond Starter Kit", "640", "KOI-KIT-9", "Only in HubSpot"),
    ("nosku", "Lighting", "15", "", "Found by its name"),
    ("hidden", "Fertilizer", "19", "", "No longer sold: inactive in QuickBooks"),
    ("bundle", "Fountain, installed", "375", "", "A bundle in QuickBooks"),
]

UK_COMPANIES: list[Firm] = [
    ("kew", "Kew Lane Nursery", "kewlane.example.com", {"city": "London", "country": "United Kingdom"}),
    ("fulham", "Fulham Cafe", "fulhamcafe.example.com", {"city": "London", "country": "United Kingdom"}),
    ("obrien", "O'Brien & Sons", "obrienandsons.example.com", {"city": "London", "country": "United Kingdom"}),
    ("llan", "Caffi Llanfairpwllgwyngyll", "caffi.example.com", {"city": "Llanfairpwll", "country": "United Kingdom"}),
    ("paris", "Atelier Lumière SARL", "lumiere.example.com", {"city": "Paris", "country": "France"}),
]
UK_CONTACTS: list[Person] = [
    ("olive", "Olive", "Penhaligon", "olive@example.com", "kew", {}),
    ("amir", "Amir", "Siddiqui", "amir@example.com", "fulham", {}),
    ("rhys", "Rhys", "ap Gwilym", "rhys@example.com", "llan", {}),
    ("claire", "Claire", "Lefèvre", "claire@example.com", "paris", {}),
]
# The UK company of QuickBooks (realm 9341450000000003) sells Craig's items.
UK_PRODUCTS: list[Ware] = [
    *US_PRODUCTS[:-3],
    ("pergola", "Oak Pergola", "2400", "PERGOLA-OAK", "Only in HubSpot"),
]
