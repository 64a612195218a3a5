DROP TABLE conversation_batch_row;
DROP TABLE conversation_batch;
