package io.millrace.inference.invocations;

import io.millrace.inference.models.ServedModel;
import io.millrace.inference.requests.Answer;
import io.millrace.inference.requests.JsonText;
import io.millrace.inference.requests.Scoring;
import io.millrace.inference.rows.RowBatch;
import io.millrace.modelpackage.Scores;
import java.util.UUID;

/** One call of `/invocations`: a data frame gets records, a tensor gets an object of outputs. */
final class InvocationProtocol
    implements Scoring.Protocol<InvocationProtocol.Asked, InvocationProtocol.Written> {

  private final boolean csv;
  private final int mostRows;

  InvocationProtocol(boolean csv, int mostRows) {
    this.csv = csv;
    this.mostRows = mostRows;
  }

  /** A body, and how it wants to be answered once its rows are read. */
  static final class Asked {
    private final byte[] body;
    private boolean table;

    Asked(byte[] body) {
      this.body = body;
    }
  }

  /** An answer with the id under which the call is logged. */
  record Written(UUID id, byte[] json) {}

  @Override
  public String name() {
    return "invocations";
  }

  @Override
  public Asked read(byte[] body) {
    return new Asked(body);
  }

  @Override
  public RowBatch rows(Asked asked, ServedModel model) {
    InvocationRows read =
        csv
            ? InvocationRows.ofCsv(asked.body, model.columns(), mostRows)
            : InvocationRows.ofJson(asked.body, model.columns(), mostRows);
    asked.table = read.table();
    return read.rows();
  }

  @Override
  public Written write(Asked asked, Answer answer) {
    Scores scores = answer.scores();
    JsonText json = new JsonText(64 + scores.rows() * (40 + scores.classes().size() * 14));
    json.raw("{\"predictions\":");
    if (asked.table) {
      records(json, scores);
    } else {
      outputs(json, scores);
    }
    return new Written(answer.id(), json.raw('}').bytes());
  }

  private static void records(JsonText json, Scores scores) {
    json.raw('[');
    for (int r = 0; r < scores.rows(); r++) {
      separate(json, r);
      if (scores.classes().isEmpty()) {
        json.raw("{\"prediction\":").number(scores.value(r)).raw('}');
      } else {
        json.raw("{\"label\":").text(scores.label(r)).raw(",\"probabilities\":");
        probabilities(json, scores, r).raw('}');
      }
    }
    json.raw(']');
  }

  private static void outputs(JsonText json, Scores scores) {
    if (scores.classes().isEmpty()) {
      json.raw("{\"prediction\":[");
      for (int r = 0; r < scores.rows(); r++) {
        separate(json, r).number(scores.value(r));
      }
      json.raw("]}");
      return;
    }
    json.raw("{\"label\":[");
    for (int r = 0; r < scores.rows(); r++) {
      separate(json, r).text(scores.label(r));
    }
    json.raw("],\"probabilities\":[");
    for (int r = 0; r < scores.rows(); r++) {
      probabilities(separate(json, r), scores, r);
    }
    json.raw("]}");
  }

  private static JsonText probabilities(JsonText json, Scores scores, int row) {
    json.raw('[');
    for (int k = 0; k < scores.classes().size(); k++) {
      separate(json, k).number(scores.probability(row, k));
    }
    return json.raw(']');
  }

  private static JsonText separate(JsonText json, int index) {
    return index == 0 ? json : json.raw(',');
  }
}
