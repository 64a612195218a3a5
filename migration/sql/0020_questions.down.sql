UPDATE reminder_request SET corrected_at = question.corrected_at FROM question WHERE question.origin_id = reminder_request.id;
DROP TABLE question;
