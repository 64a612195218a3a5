. ./showup.sh

since=2025-01-01T00:00:00Z
cursor=
while :; do
  page=$(showup GET "/appointments?updated_since=$since&limit=100&cursor=$cursor")
  echo "$page" | jq --raw-output '.data[] | "\(.id) \(.status)"'
  cursor=$(echo "$page" | jq --raw-output '.next_cursor // empty')
  [ -n "$cursor" ] || break
done
