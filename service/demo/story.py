"""The story, told step by step with its evidence; exit status 0 only if the books agree."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from service.demo.evidence import SALES, UK, US, Evidence, Place, money
from service.demo.life import find_wrong, tell_life
from service.demo.processes import DATABASE, HERE, Processes
from service.demo.refusals import tell_refusals


def run_demo(*, once: bool) -> int:
    """Start everything, tell the story, check the books; then stay until Ctrl-C, or end at once."""
    processes = Processes()
    try:
        story = Story(processes)
        story.tell()
        wrong = story.check()
        if not once:
            story.stay()
        return 1 if wrong else 0
    except KeyboardInterrupt:
        return 0
    except RuntimeError as error:
        say(f"\nThe demo stopped: {error}\nLogs: {HERE}/*.log")
        return 1
    finally:
        processes.stop()


class Story:
    """Ten short chapters, each with what HubSpot and QuickBooks hold afterwards."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self.evidence = self._evidence = Evidence(processes)
        self.ask, self.say = processes.ask, say
        self._chapter = 0
        self._wrong: list[str] = []

    def tell(self) -> None:
        """All chapters in order."""
        self.set_up()
        self.invoice_a_deal()
        self.deliver_it_again()
        self.lose_an_answer()
        self.kill_the_worker()
        self.turn_an_estimate_into_an_invoice()
        self.invoice_with_vat()
        tell_life(self)
        self._wrong = tell_refusals(self)

    def set_up(self) -> None:
        """Start sandbox, web and worker; join a portal and a realm."""
        self.chapter("A HubSpot portal, a QuickBooks company and the service between them")
        self._processes.start_sandbox()
        say(f"  sandbox  {self._processes.sandbox_url}   HubSpot and QuickBooks Online, strict, made up")
        joined = [self.join(US), self.join(UK)]
        self._processes.start_web()
        self._processes.start_worker()
        listener = {"url": f"{self._processes.service_url}/quickbooks/webhooks", "enabled": True}
        self._processes.ask("POST", "/quickbooks/webhooks", listener)
        say(f"  service  {self._processes.service_url}   web and worker on {DATABASE}")
        self.say_how_to_sign_in()
        for each in joined:
            say(f"  {each}")

    def join(self, place: Place) -> str:
        """Join a portal and a realm without a browser; what the command said."""
        credentials = self._processes.ask("GET", "/credentials")
        hubspot, quickbooks = credentials["hubspot"]["portals"], credentials["quickbooks"]["realms"]
        said = self._processes.command(
            "connections", "add", "--portal", place.portal, "--realm", place.realm,
            "--hubspot-refresh-token", hubspot[place.portal]["refresh_token"],
            "--quickbooks-refresh-token", quickbooks[place.realm]["refresh_token"],
        )  # fmt: skip
        return f"{said}: {quickbooks[place.realm]['name']}"

    def invoice_a_deal(self) -> None:
        """The main job."""
        self.chapter("A deal reaches “Create invoice”")
        deal_id = self._evidence.deal_id("three-lines")
        self.show_deal_before(deal_id)
        self.enroll(deal_id)
        self.show(deal_id)

    def deliver_it_again(self) -> None:
        """HubSpot delivers at least once."""
        self.chapter("HubSpot delivers the same callback ten more times, at once")
        callback = self._evidence.callbacks(US)[-1]
        name = callback["callback_id"]
        self._processes.ask("POST", f"/hubspot/callbacks/{name}/deliver", {"times": 10, "at_once": True})
        self.wait_for_deliveries(name, 11)
        answers = {delivery["answer"] for delivery in self._evidence.callback(name)["deliveries"][1:]}
        count = len(self._evidence.sales_of(callback["object"]["id"]))
        say(f"  every one answered from its row: {len(answers)} distinct answer; invoices for the deal: {count}")

    def lose_an_answer(self) -> None:
        """The invoice is created and nobody hears of it."""
        self.chapter("QuickBooks creates the invoice, but its answer is lost")
        deal_id = self._evidence.deal_id("one-line")
        self._processes.ask(
            "POST", "/trouble", {"kind": "lose_answer", "vendor": "quickbooks", "method": "POST", "path": "/invoice"}
        )
        self.enroll(deal_id)
        self.show_repeats()
        self.show(deal_id)

    def kill_the_worker(self) -> None:
        """kill -9 between the request and its answer."""
        self.chapter("The worker is killed (SIGKILL) while QuickBooks is creating the invoice")
        deal_id = self._evidence.deal_id("hours")
        rule = {"kind": "hang", "vendor": "quickbooks", "method": "POST", "path": "/invoice", "seconds": 30}
        number = self._processes.ask("POST", "/trouble", rule)["id"]
        callback_id = self.enroll(deal_id, wait=False)
        self.wait_for_trouble(number)
        self._processes.kill("worker")
        say(f"  worker killed; invoices for the deal in the books: {len(self._evidence.sales_of(deal_id))}")
        self._processes.start_worker()
        say("  worker started again")
        self.finish(callback_id)
        self.show_repeats()
        self.show(deal_id)

    def turn_an_estimate_into_an_invoice(self) -> None:
        """Two actions of one workflow: the offer, and later the invoice that is linked to it."""
        self.chapter("A deal reaches “Create estimate”, and once it is won “Convert estimate to invoice”")
        deal_id = self._evidence.deal_id("line-discount-percent")
        self.show_deal_before(deal_id)
        self.enroll(deal_id, action="create-estimate")
        self.show_estimate(deal_id)
        self.enroll(deal_id, action="convert-estimate-to-invoice")
        say("  the workflow asks for it once more")
        self.enroll(deal_id, action="convert-estimate-to-invoice")
        self.show_estimate(deal_id)
        self.show(deal_id)

    def invoice_with_vat(self) -> None:
        """A British company: every line has its VAT code, and QuickBooks reckons the tax."""
        self.chapter("A deal of a British company, which charges VAT")
        deal_id = self._evidence.deal_id("uk-hours", UK)
        self.show_deal_before(deal_id, UK)
        self.enroll(deal_id, place=UK)
        self.show(deal_id, UK)

    def check(self) -> list[str]:
        """Compare every callback, deal and invoice; print the verdict."""
        self.chapter("Do the books agree?")
        wrong = self._evidence.disagreements() + find_wrong(self) + self._wrong
        callbacks = self._evidence.callbacks()
        good = sum(callback["execution_state"] == "SUCCESS" for callback in callbacks)
        made = {name: sum(len(self._evidence.sales(name, place)) for place in (US, UK)) for name in SALES.values()}
        counts = self._evidence.counts()
        say(f"  callbacks {len(callbacks)}, of them SUCCESS {good}")
        say(f"  in the books by us: {made['Invoice']} invoices, {made['Estimate']} estimates")
        say(f"  calls so far: HubSpot {counts.get('hubspot', 0)}, QuickBooks {counts.get('quickbooks', 0)}")
        for problem in wrong:
            say(f"  WRONG    {problem}")
        say(
            "  yes: what succeeded is there once, what failed is not, each invoice on its deal" if not wrong else "  NO"
        )
        return wrong

    def stay(self) -> None:
        """Leave everything running to play with."""
        say("\nEverything runs.")
        say(f"  sandbox  {self._processes.sandbox_url}/   enrol more deals, look at deals and books")
        self.say_how_to_sign_in()
        say(f"  logs     {Path(HERE).resolve()}/*.log")
        say("Ctrl-C ends it.")
        while all(self._processes.is_running(name) for name in ("sandbox", "web", "worker")):
            time.sleep(0.5)
        raise RuntimeError("a process ended")

    def say_how_to_sign_in(self) -> None:
        """Where the operator's pages are, and the password of this run."""
        say(f"  operator {self._processes.service_url}/   sign in with the password {self._processes.password}")

    def chapter(self, title: str) -> None:
        """A heading."""
        self._chapter += 1
        say(f"\n{self._chapter}. {title}")

    def enroll(self, deal_id: str, *, action: str = "create-invoice", place: Place = US, wait: bool = True) -> str:
        """Let a deal reach an action."""
        callback_id = self.post(deal_id, action=action, place=place)
        self.wait_for_deliveries(callback_id, 1)
        delivery = self._evidence.callback(callback_id)["deliveries"][0]
        say(f"  HubSpot posts {callback_id} for deal {deal_id}: {action}")
        say(f"  answered {delivery['status']} in {delivery['milliseconds']:.0f} ms: {delivery['answer']}")
        if wait:
            self.finish(callback_id)
        return callback_id

    def post(self, deal_id: str, *, action: str, place: Place = US, inputs: Mapping[str, str] | None = None) -> str:
        """Have HubSpot post a callback, without waiting for anything."""
        asked = {"portal_id": int(place.portal), "deal_id": deal_id, "action": action, "inputs": dict(inputs or {})}
        callback_id: str = self._processes.ask("POST", "/hubspot/enroll", asked)["callback_id"]
        return callback_id

    def finish(self, callback_id: str) -> None:
        """Wait for the completion."""
        started = time.monotonic()
        ended = self._evidence.wait_until_ended(callback_id)
        told = ended["outputs"]
        invoice, estimate = told.get("invoiceNumber"), told.get("estimateNumber")
        said = told.get("errorCode") or (f"invoice {invoice}" if invoice else f"estimate {estimate}")
        say(f"  completed after {time.monotonic() - started:.1f} s: {ended['execution_state']}, {said}")

    def show_deal_before(self, deal_id: str, place: Place = US) -> None:
        """What there is to invoice."""
        deal = self._evidence.deal(deal_id, place)
        say(f"  HubSpot deal {deal_id} “{deal['dealname']}”, amount {deal['amount']}")
        for line in self._evidence.line_items(deal_id, place):
            say(f"    {line.get('quantity')} x {line.get('name')} at {line.get('price')}")

    def show(self, deal_id: str, place: Place = US) -> None:
        """QuickBooks' side and HubSpot's side of an invoiced deal."""
        found = self._evidence.sales_of(deal_id, place=place)
        say(f"  QuickBooks holds {len(found)} invoice for the deal")
        for invoice in found:
            customer, total, tax = (
                invoice["CustomerRef"]["name"],
                invoice["TotalAmt"],
                invoice["TxnTaxDetail"]["TotalTax"],
            )
            taxed = f", of which tax {money(tax)}" if tax else ""
            linked = "".join(f", from estimate {each['TxnId']}" for each in invoice["LinkedTxn"])
            say(f"    id {invoice['Id']}, number {invoice['DocNumber']}, {customer}, {money(total)}{taxed}{linked}")
        deal = self._evidence.deal(deal_id, place)
        say("  HubSpot's deal says")
        for name in ("id", "number", "amount", "recipient", "status", "due_date"):
            say(f"    qbo_invoice_{name}: {deal[f'qbo_invoice_{name}']}")

    def show_estimate(self, deal_id: str) -> None:
        """The estimate in QuickBooks, and whether the deal takes it for an invoice."""
        for sale in self._evidence.sales_of(deal_id, "Estimate"):
            say(f"  QuickBooks holds estimate {sale['Id']}, {money(sale['TotalAmt'])}: {sale['TxnStatus'].lower()}")
        say(f"  HubSpot's deal says qbo_invoice_id: {self._evidence.deal(deal_id).get('qbo_invoice_id') or 'nothing'}")

    def show_repeats(self) -> None:
        """How often the last invoice was sent, and under which request ids."""
        sent = [r for r in self._processes.ask("GET", "/requests")["requests"] if r["path"].endswith("/invoice")]
        tried = [r for r in sent if r["query"] == sent[-1]["query"]]
        what = ", ".join(r["trouble"] or "answered" for r in tried)
        say(f"  QuickBooks got the create {len(tried)} times under one request id ({what})")

    def wait_for_deliveries(self, callback_id: str, count: int) -> None:
        """Until HubSpot has its answers."""
        self._wait(
            lambda: sum(d["status"] is not None for d in self._evidence.callback(callback_id)["deliveries"]) >= count,
            "the answer to HubSpot",
        )

    def wait_for_trouble(self, number: int) -> None:
        """Until the scripted trouble has met its request."""
        self._wait(
            lambda: any(r["id"] == number and r["hits"] for r in self._processes.ask("GET", "/trouble")["rules"]),
            "the request to QuickBooks",
        )
        time.sleep(0.3)  # the request is in; give QuickBooks the moment to write its books

    def _wait(self, happened: Callable[[], bool], what: str, seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > end:
                raise RuntimeError(f"waited {seconds:.0f} s for {what}")
            time.sleep(0.05)


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)
