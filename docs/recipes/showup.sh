# showup METHOD PATH [BODY [ONCE]]: prints what is answered; ONCE makes a POST one, however often it is sent.
showup() {
  curl --silent --show-error --fail-with-body --request "$1" "$SHOWUP_URL/api/v1$2" \
    --header "Authorization: Bearer $SHOWUP_KEY" \
    ${3:+--header "Content-Type: application/json" --data "$3"} ${4:+--header "Idempotency-Key: $4"}
}
