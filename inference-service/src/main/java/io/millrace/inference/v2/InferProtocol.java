package io.millrace.inference.v2;

import io.millrace.inference.models.ServedModel;
import io.millrace.inference.requests.Answer;
import io.millrace.inference.requests.JsonText;
import io.millrace.inference.requests.RequestSettings;
import io.millrace.inference.requests.Scoring;
import io.millrace.inference.rows.Columns;
import io.millrace.inference.rows.RowBatch;
import io.millrace.modelpackage.Scores;
import java.util.List;
import java.util.UUID;
import org.springframework.stereotype.Component;

/** Requests and answers of `infer`. */
@Component
final class InferProtocol implements Scoring.Protocol<InferRequest, InferProtocol.Written> {

  /** An answer with the id under which the call is logged. */
  record Written(UUID id, byte[] json) {}

  private final int mostRows;

  InferProtocol(RequestSettings settings) {
    this.mostRows = settings.maxRows();
  }

  /** Names of a model's outputs. */
  static List<String> outputs(Columns columns) {
    return columns.classifies() ? List.of("label", "probabilities") : List.of("prediction");
  }

  @Override
  public String name() {
    return "v2";
  }

  @Override
  public InferRequest read(byte[] body) {
    return InferRequest.read(body);
  }

  @Override
  public RowBatch rows(InferRequest request, ServedModel model) {
    request.checkOutputs(outputs(model.columns()));
    return request.rows(model.columns(), mostRows);
  }

  @Override
  public Written write(InferRequest request, Answer answer) {
    Scores scores = answer.scores();
    int classes = scores.classes().size();
    JsonText json = new JsonText(256 + scores.rows() * (16 + classes * 14));
    json.raw("{\"model_name\":").text(answer.model().endpoint().model());
    json.raw(",\"model_version\":\"").number(answer.model().version()).raw('"');
    if (request.id() != null) {
      json.raw(",\"id\":").text(request.id());
    }
    json.raw(",\"outputs\":[");
    if (classes == 0) {
      if (request.wants("prediction")) {
        head(json, "prediction", "FP32", scores.rows(), 0);
        for (int r = 0; r < scores.rows(); r++) {
          separate(json, r).number(scores.value(r));
        }
        json.raw("]}");
      }
    } else {
      boolean label = request.wants("label");
      if (label) {
        head(json, "label", "BYTES", scores.rows(), 0);
        for (int r = 0; r < scores.rows(); r++) {
          separate(json, r).text(scores.label(r));
        }
        json.raw("]}");
      }
      if (request.wants("probabilities")) {
        if (label) {
          json.raw(',');
        }
        head(json, "probabilities", "FP32", scores.rows(), classes);
        for (int r = 0; r < scores.rows(); r++) {
          for (int k = 0; k < classes; k++) {
            separate(json, r + k).number(scores.probability(r, k));
          }
        }
        json.raw("]}");
      }
    }
    json.raw("]}");
    return new Written(answer.id(), json.bytes());
  }

  private static void head(JsonText json, String name, String datatype, int rows, int width) {
    json.raw("{\"name\":\"").raw(name).raw("\",\"datatype\":\"").raw(datatype);
    json.raw("\",\"shape\":[").number(rows);
    if (width > 0) {
      json.raw(',').number(width);
    }
    json.raw("],\"data\":[");
  }

  private static JsonText separate(JsonText json, int index) {
    return index == 0 ? json : json.raw(',');
  }
}
