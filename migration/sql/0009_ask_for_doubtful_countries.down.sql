UPDATE business SET country = 'US' WHERE country = '';
