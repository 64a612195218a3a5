. ./showup.sh

# The whole wish stands in the address.
showup POST '/trigger/recall?to=%2B14155550171&reference=recall-4711' | jq --raw-output .body
