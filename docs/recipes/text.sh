. ./showup.sh

ann=$(showup GET '/contacts?search=%2B14155550171' | jq --raw-output '.data[0].id')
text='{"contact_id": "'$ann'", "body": "Your glasses are here."}'

sent=$(showup POST /messages "$text" order-4711)
# Asked again, perhaps by another run: it is the same text.
again=$(showup POST /messages "$text" order-4711)

showup GET "/messages/$(echo "$again" | jq --raw-output .id)" | jq --raw-output .body
