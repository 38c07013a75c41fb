package io.millrace.training.workdir;

import java.nio.file.Path;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Where a worker works on disk (`millrace.training.*`). Workers of one machine may share it.
 *
 * @param workDir folder of runs and cached datasets
 * @param datasetCache bytes of datasets kept for the next run; the least recently used go first
 */
@ConfigurationProperties("millrace.training")
public record WorkSettings(
    @DefaultValue("${java.io.tmpdir}/millrace-training") Path workDir,
    @DefaultValue("10GB") DataSize datasetCache) {}
