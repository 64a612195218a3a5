. ./showup.sh

showup POST /contacts/batch '{"contacts": [
  {"name": "Ann Lee", "phone": "+14155550171", "opt_in": {"channel": "sms", "source": "booking form"}},
  {"name": "Ben Ortiz", "phone": "+14155550172", "tags": ["VIP"]}
]}' contacts-of-4-january | jq --raw-output '.data[].status'
