"""HubSpot's signatures, against the vectors of the contract (2.4)."""

from service.sandbox.hubspot.signatures import sign_v1, sign_v2, sign_v3

PUBLISHED = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
OWN = "test-client-secret-0000-qbo-invoice"
URL = "https://invoice.example.com/hubspot/actions/create-invoice"
BODY = (
    '{"callbackId":"ap-1234567-1000000000001-1-0","origin":{"portalId":1234567,"userId":null,'
    '"actionDefinitionId":700001,"actionDefinitionVersion":3,"actionExecutionIndexIdentifier":'
    '{"enrollmentId":1000000000001,"actionExecutionIndex":0},"extensionDefinitionVersionId":3,'
    '"extensionDefinitionId":700001},"context":{"workflowId":555000111,"actionId":1,'
    '"actionExecutionIndexIdentifier":{"enrollmentId":1000000000001,"actionExecutionIndex":0},'
    '"source":"WORKFLOWS"},"object":{"objectId":9876543210,"objectType":"DEAL","properties":'
    '{"dealname":"Acme — Zoë renewal","amount":"1500.00"}},"fields":{"dueInDays":"30"},'
    '"inputFields":{"dueInDays":"30"},"typedInputs":{"dueInDays":{"value":"30","type":"STRING"}}}'
).encode()


def test_the_published_vectors() -> None:
    url = "https://www.example.com/webhook_uri"
    assert sign_v2(PUBLISHED, "GET", url, b"") == "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"
    body = b'{"example_field":"example_value"}'
    assert sign_v2(PUBLISHED, "POST", url, body) == "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900"
    event = (
        b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
        b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM",'
        b'"changeFlag":"NEW","appId":54321}]'
    )
    assert sign_v1(PUBLISHED, event) == "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"


def test_our_own_vectors() -> None:
    assert len(BODY) == 698
    assert sign_v1(OWN, BODY) == "79d85e74c5bd92fee1349f1640b8b07dd5715c570b0a521f18b8b4bb5d273890"
    assert sign_v2(OWN, "POST", URL, BODY) == "406f4df4a1cb6de72e83dbdd5113f7dd484234ffc8c4b3bbe0313d8353f2b6da"
    signed = sign_v3(OWN, "POST", URL, BODY, "1790000001000")
    assert signed == "BU4x0T/uJObQY7n55c6zMdc+zDSy0cx71FoPTeL3zyk="


def test_v3_decodes_the_documented_escapes() -> None:
    url = (
        "https://invoice.example.com/hubspot/card/deal-invoices"
        "?userId=42&portalId=1234567&userEmail=jane%40example.com&appId=777"
    )
    assert sign_v3(OWN, "GET", url, b"", "1790000001000") == "ZDeMgTOKzdCLAh4JuZYXdcbjKqTGP3wOa+8peS03t+Y="
