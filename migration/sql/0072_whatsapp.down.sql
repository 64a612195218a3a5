DROP TABLE message_button;
DROP TABLE whatsapp_message;
DROP TABLE whatsapp_sender;
DROP TABLE whatsapp_window;
DROP TABLE contact_address;
