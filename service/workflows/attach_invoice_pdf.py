"""Attach invoice PDF: the deal's timeline has the invoice as its customer sees it, in a private file."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from service.errors import CannotInvoice, InvoiceNotFound, TryLater
from service.hubspot.invoices import association
from service.ids import CustomerId, DealId, InvoiceId, RealmId
from service.invoicing.attachment import FOLDER, derive_file_name, draft_pdf_note, parse_attach_inputs
from service.invoicing.body import canonical_body
from service.invoicing.invoice import derive_recipient_text, time_text
from service.store.callbacks import StoredCallback
from service.store.reservations import ATTACH, REFUSED, Reservation
from service.workflows.choose_invoice import ChosenInvoice, choose_invoice
from service.workflows.know_realm import know_realm
from service.workflows.services import Services
from service.workflows.settle_invoice import settle_invoice
from service.workflows.write_reserved import Written, find_open_reservation, reserve

# https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide (association type ids)
NOTE_TO_DEAL = 214
ATTACHED = "hs_attachment_ids"
# HubSpot says nowhere how long a request may be under way; ours are given up long before.
QUIET = timedelta(seconds=60)


def attach_invoice_pdf(services: Services, callback: StoredCallback) -> None:
    """Settle the callback with the file uploaded and a note that has it.

    Raises: CannotInvoice, TryLater, OutcomeUnknown, NotConnected.
    """
    inputs = parse_attach_inputs(callback.inputs)
    realm = know_realm(services, callback.portal_id, RealmId(str(callback.realm_id)))
    begun = find_open_reservation(services, callback, ATTACH)
    if begun is not None:
        # What was begun goes on, whichever invoice the deal shows by now.
        inputs = replace(inputs, invoice_id=InvoiceId(str(begun.entity_id)))
    try:
        chosen = choose_invoice(services, callback, realm, inputs)
        deal_id = _choose_deal(callback, chosen)
        repeated, begun = begun is not None, begun or _upload(services, callback, chosen)
        file_id = str(json.loads(begun.body)["fileId"])
        note_id = _find_note(services, callback, deal_id, file_id)
        if note_id is None:
            if repeated:
                _be_quiet(services, begun)
            note_id = _create_note(services, callback, begun, deal_id, file_id, chosen)
    except CannotInvoice:
        if begun is not None:
            _end(services, begun)
        raise
    told = {"noteId": note_id, "fileId": file_id}
    written = [Written(begun, chosen.entity)]
    settle_invoice(services, callback, realm, chosen.entity, chosen.deal_id, written=written, more=told)


def _choose_deal(callback: StoredCallback, chosen: ChosenInvoice) -> DealId:
    deal_id = DealId(callback.object_id) if callback.object_type == "DEAL" else chosen.deal_id
    if deal_id is None:
        raise InvoiceNotFound("The invoice belongs to no deal that its PDF could be attached to: enrol the deal.")
    return deal_id


def _upload(services: Services, callback: StoredCallback, chosen: ChosenInvoice) -> Reservation:
    """The file is there, and its id written down, before a note is created for it.

    Uploading again replaces the file; a note is created once, so that it is looked for by the file's id.
    """
    realm_id, facts = RealmId(str(callback.realm_id)), chosen.facts
    content = services.quickbooks.pdf(realm_id, "Invoice", facts.id)
    name = derive_file_name(realm_id, facts.id, facts.doc_number)
    file_id = services.hubspot.upload_file(callback.portal_id, name, FOLDER, content)
    body, customer_id = canonical_body({"fileId": file_id}), CustomerId(facts.customer_id)
    return reserve(services, callback, "Note", customer_id, body, operation=ATTACH, entity_id=facts.id)


def _find_note(services: Services, callback: StoredCallback, deal_id: DealId, file_id: str) -> str | None:
    """The deal's note that has the file: created by a run that never heard of it, or for an earlier callback."""
    associated = services.portal.get_associations(callback.portal_id, "deals", "notes", deal_id)
    ids = [each.object_id for each in associated]
    found = services.portal.get_objects(callback.portal_id, "notes", ids, [ATTACHED])
    having = (i for i in ids if i in found and file_id in (found[i].properties.get(ATTACHED) or "").split(";"))
    return next(having, None)


def _be_quiet(services: Services, begun: Reservation) -> None:
    """Notes have no request ids: one is created again when the try before cannot arrive any more. Raises: TryLater."""
    now = services.clock.now()
    rest = (begun.tried_at or begun.reserved_at) + QUIET - now
    if rest > timedelta(0):
        raise TryLater("HubSpot never said whether it made the note: looking again before it is repeated.", rest)
    services.reservations.try_again(begun, now)


def _end(services: Services, begun: Reservation) -> None:
    with services.database.write() as tx:
        services.reservations.end(tx, begun, REFUSED, services.clock.now())


def _create_note(
    services: Services,
    callback: StoredCallback,
    begun: Reservation,
    deal_id: DealId,
    file_id: str,
    chosen: ChosenInvoice,
) -> str:
    facts = chosen.facts
    recipient = derive_recipient_text(facts.customer_name or "", facts.bill_email or "")
    properties = {
        "hs_timestamp": time_text(services.clock.now()),
        "hs_note_body": draft_pdf_note(facts.doc_number, recipient),
        ATTACHED: file_id,
    }
    belongs = [association(deal_id, NOTE_TO_DEAL)]
    try:
        return services.hubspot.create_object(callback.portal_id, "notes", properties, belongs).id
    except TryLater:
        # Nothing was made: the next try begins anew, without waiting for this one.
        _end(services, begun)
        raise
