package io.millrace.inference.requests;

import io.millrace.inference.models.ServedModel;
import io.millrace.inference.rows.RowBatch;
import io.millrace.modelpackage.Scores;
import java.util.UUID;

/**
 * What a model said.
 *
 * @param id id of the call, under which it is logged
 */
public record Answer(UUID id, ServedModel model, RowBatch rows, Scores scores) {}
