package io.millrace.training.jobs;

import io.millrace.events.RunQueued;
import io.millrace.pipeline.Pipeline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** The job as a trainer reads it: {@code MILLRACE_JOB}. */
final class JobFile {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private JobFile() {}

  static void write(RunQueued job, Path file) throws IOException {
    Pipeline pipeline = Pipeline.fromJson(job.getPipeline());
    Pipeline.Split split = pipeline.dataset().split();
    Map<String, Object> rows = new LinkedHashMap<>();
    rows.put("train", split.train());
    rows.put("validation", split.validation());
    rows.put("test", split.test());
    rows.put("stratify", split.stratify());
    rows.put("seed", split.seed());
    Map<String, Object> dataset = new LinkedHashMap<>();
    dataset.put("name", job.getDataset().getName());
    dataset.put("version", Integer.toString(job.getDataset().getVersion()));
    // The trainer checks the bytes it is given, so this is their digest, not the manifest's.
    dataset.put("digest", job.getDataset().getContent().getSha256());
    dataset.put("target", pipeline.dataset().target());
    dataset.put("split", rows);
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("runId", job.getRunId());
    content.put("requestId", job.getRequestId());
    content.put("trainer", job.getTrainer());
    content.put("params", job.getParams());
    content.put("seed", job.getSeed());
    content.put("dataset", dataset);
    content.put(
        "validate",
        Map.of("profile", pipeline.validate().profile().name().toLowerCase(Locale.ROOT)));
    content.put("modelName", job.getModelName());
    Files.write(file, JSON.writeValueAsBytes(content));
  }
}
