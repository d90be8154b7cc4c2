// The deal's QuickBooks invoice, from the deal's own properties: the card needs no answer of our service.
// https://developers.hubspot.com/docs/apps/developer-platform/add-features/ui-extensibility/ui-components/crm-data-components/crm-property-list
import React from "react";
import { hubspot } from "@hubspot/ui-extensions";
import { CrmPropertyList } from "@hubspot/ui-extensions/crm";

hubspot.extend<"crm.record.tab">(() => <DealInvoices />);

const DealInvoices = () => (
  <CrmPropertyList
    properties={[
      "qbo_invoice_number",
      "qbo_invoice_status",
      "qbo_invoice_amount",
      "qbo_invoice_balance",
      "qbo_invoice_due_date",
      "qbo_invoice_recipient",
      "qbo_invoice_url",
      "qbo_invoice_error",
    ]}
    direction="column"
  />
);
