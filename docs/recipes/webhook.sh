. ./showup.sh

# RECEIVER_URL is where your program listens.
hook=$(showup POST /webhook-endpoints '{"url": "'$RECEIVER_URL'", "events": ["appointment.confirmed", "message.received"]}')
id=$(echo "$hook" | jq --raw-output .id)
# Signatures are checked with it. It is told now and not again.
echo "$hook" | jq --raw-output .secret

showup POST "/webhook-endpoints/$id/test" | jq --raw-output .event
showup GET "/webhook-endpoints/$id/deliveries" | jq --raw-output '.data[0].event'
