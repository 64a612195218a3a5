. ./showup.sh

# A + in an address is written %2B.
ann=$(showup GET '/contacts?search=%2B14155550171' | jq --raw-output '.data[0].id')

visit='{"contact_id": "'$ann'", "external_id": "crm-4711", "starts_at": "2027-01-05T15:00:00Z", "minutes": 30}'
visit=$(showup POST /appointments "$visit" | jq --raw-output .id)

showup PATCH "/appointments/$visit" '{"starts_at": "2027-01-06T15:00:00Z", "tell": true}' | jq --raw-output .starts_at
showup POST "/appointments/$visit/cancel" | jq --raw-output .status
