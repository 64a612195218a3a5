DROP TABLE whatsapp_template;
