-- Every business was American, because nobody could say otherwise. One whose number, or without one whose time zone,
-- speaks against that has no country from here on: numbers without a + are refused, with words that lead to Settings,
-- until a person has chosen. Neither going on as before nor another guess may be made silently: both send reminders to
-- strangers.
--
-- The zones listed are those of countries whose numbers begin with +1, in November 2026. Zones of no place (UTC,
-- Etc/GMT+5, EST5EDT) speak for no country.
UPDATE business SET country = '' WHERE country = 'US' AND (
  (EXISTS (SELECT 1 FROM number WHERE number.business_id = business.id)
    AND NOT EXISTS (SELECT 1 FROM number WHERE number.business_id = business.id AND number.phone LIKE '+1%'))
  OR (NOT EXISTS (SELECT 1 FROM number WHERE number.business_id = business.id)
    AND time_zone LIKE '%/%' AND time_zone NOT LIKE 'Etc/%' AND time_zone NOT IN (
      'America/Adak', 'America/Anchorage', 'America/Anguilla', 'America/Antigua', 'America/Atikokan', 'America/Atka',
      'America/Barbados', 'America/Blanc-Sablon', 'America/Boise', 'America/Cambridge_Bay', 'America/Cayman',
      'America/Chicago', 'America/Coral_Harbour', 'America/Creston', 'America/Dawson', 'America/Dawson_Creek',
      'America/Denver', 'America/Detroit', 'America/Dominica', 'America/Edmonton', 'America/Fort_Nelson',
      'America/Fort_Wayne', 'America/Glace_Bay', 'America/Goose_Bay', 'America/Grand_Turk', 'America/Grenada',
      'America/Halifax', 'America/Indiana/Indianapolis', 'America/Indiana/Knox', 'America/Indiana/Marengo',
      'America/Indiana/Petersburg', 'America/Indiana/Tell_City', 'America/Indiana/Vevay', 'America/Indiana/Vincennes',
      'America/Indiana/Winamac', 'America/Indianapolis', 'America/Inuvik', 'America/Iqaluit', 'America/Jamaica',
      'America/Juneau', 'America/Kentucky/Louisville', 'America/Kentucky/Monticello', 'America/Knox_IN',
      'America/Los_Angeles', 'America/Louisville', 'America/Lower_Princes', 'America/Menominee', 'America/Metlakatla',
      'America/Moncton', 'America/Montreal', 'America/Montserrat', 'America/Nassau', 'America/New_York',
      'America/Nipigon', 'America/Nome', 'America/North_Dakota/Beulah', 'America/North_Dakota/Center',
      'America/North_Dakota/New_Salem', 'America/Pangnirtung', 'America/Phoenix', 'America/Port_of_Spain',
      'America/Puerto_Rico', 'America/Rainy_River', 'America/Rankin_Inlet', 'America/Regina', 'America/Resolute',
      'America/Santo_Domingo', 'America/Shiprock', 'America/Sitka', 'America/St_Johns', 'America/St_Kitts',
      'America/St_Lucia', 'America/St_Thomas', 'America/St_Vincent', 'America/Swift_Current', 'America/Thunder_Bay',
      'America/Toronto', 'America/Tortola', 'America/Vancouver', 'America/Virgin', 'America/Whitehorse',
      'America/Winnipeg', 'America/Yakutat', 'America/Yellowknife', 'Atlantic/Bermuda', 'Canada/Atlantic',
      'Canada/Central', 'Canada/Eastern', 'Canada/Mountain', 'Canada/Newfoundland', 'Canada/Pacific',
      'Canada/Saskatchewan', 'Canada/Yukon', 'Jamaica', 'Navajo', 'Pacific/Guam', 'Pacific/Honolulu',
      'Pacific/Johnston', 'Pacific/Midway', 'Pacific/Pago_Pago', 'Pacific/Saipan', 'Pacific/Samoa', 'Pacific/Wake',
      'US/Alaska', 'US/Aleutian', 'US/Arizona', 'US/Central', 'US/East-Indiana', 'US/Eastern', 'US/Hawaii',
      'US/Indiana-Starke', 'US/Michigan', 'US/Mountain', 'US/Pacific', 'US/Samoa')));
