from showup import showup

contacts = [
    {"name": "Ann Lee", "phone": "+14155550171", "opt_in": {"channel": "sms", "source": "booking form"}},
    {"name": "Ben Ortiz", "phone": "+14155550172", "tags": ["VIP"]},
]
done = showup("POST", "/contacts/batch", {"contacts": contacts}, once="contacts-of-4-january")
for row in done["data"]:
    print(row["status"])
