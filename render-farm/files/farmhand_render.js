// SPDX-License-Identifier: Apache-2.0
//
// The job type `farmhand-render` of a Flamenco Manager: put this file into the folder `scripts` beside flamenco-manager and
// start the Manager again. What lanes are is written in Farmhand's docs/lanes.md.
//
// JOB_TYPE is JSON to the letter: Farmhand itself reads it, so that its own farm asks for the same settings.

const JOB_TYPE = {
  "label": "Farmhand Render",
  "description": "Renders a scene in warm lanes: each worker opens it once and takes frame after frame, until none is left. Jobs of this type are sent by Farmhand.",
  "settings": [
    {"key": "frames", "type": "string", "required": true, "visible": "web", "editable": false, "label": "Frames",
     "description": "Frames to render. Examples: '47', '1-30', '1-9:2, 20'"},
    {"key": "blendfile", "type": "string", "subtype": "file_path", "required": true, "visible": "web", "editable": false, "label": "Scene file",
     "description": "The scene's file, where the workers find it"},
    {"key": "scene", "type": "string", "required": true, "visible": "web", "editable": false, "label": "Scene", "eval": "C.scene.name",
     "description": "The scene in that file"},
    {"key": "output", "type": "string", "subtype": "file_path", "required": true, "visible": "web", "editable": false, "label": "Output",
     "description": "Where the pictures go; each # is a digit of the frame's number"},
    {"key": "blender", "type": "string", "default": "blender", "required": false, "visible": "web", "editable": false, "label": "Blender",
     "description": "The Manager's variable that names the Blender to render with, such as 'blender' or 'blender-4.5'"},
    {"key": "lanes", "type": "int32", "required": true, "visible": "web", "editable": false, "label": "Lanes", "propargs": {"min": 1},
     "description": "How many workers can share the frames at once. The last lane, which looks after what the others left, comes on top"},
    {"key": "home_chunks", "type": "string", "required": true, "visible": "web", "editable": false, "label": "Home chunks",
     "description": "The frames that each lane begins with, lane by lane: '1-20; 21-40'. After that a lane helps the others"},
    {"key": "scout_lanes", "type": "int32", "default": 0, "required": false, "visible": "web", "editable": false, "label": "Scout lanes", "propargs": {"min": 0},
     "description": "How many lanes come first and are looked at by people before the others start; 0 where nobody waits"},
    {"key": "storage", "type": "string", "subtype": "dir_path", "required": true, "visible": "web", "editable": false, "label": "Storage",
     "description": "The folder that holds the job's own files, in .farmhand"},
    {"key": "submission_id", "type": "string", "required": true, "visible": "hidden", "editable": false,
     "description": "The submission's id, 32 hexadecimal digits"},
    {"key": "job_file", "type": "string", "subtype": "file_path", "required": true, "visible": "hidden", "editable": false,
     "description": "The job description, job.json"},
    {"key": "renderer", "type": "string", "subtype": "file_path", "required": true, "visible": "hidden", "editable": false,
     "description": "The renderer that travels with the job"}
  ]
};

// No worker takes tasks of this type: such a task waits until people set it completed.
const GATE_TYPE = "farmhand-gate";

function compileJob(job) {
    const settings = job.settings;
    for (const setting of JOB_TYPE.settings) {
        const value = settings[setting.key];
        if (setting.required && (value === undefined || value === null || value === "")) {
            throw "Jobs of this type are sent by Farmhand (farmhand submit FILE --farm URL, or its panel in Blender): "
                + "the setting " + setting.key + " is missing";
        }
    }
    const chunks = String(settings.home_chunks).split(";").map(function (chunk) { return chunk.trim(); });
    if (chunks.length !== Number(settings.lanes)) {
        throw "the setting lanes says " + settings.lanes + ", and home_chunks has " + chunks.length
            + "; send the job again";
    }
    const scoutLanes = Number(settings.scout_lanes || 0);
    const lanes = chunks.map(function (frames, lane) {
        return laneTask(job, "lane-" + lane + " " + frames, String(lane), countFrames(frames));
    });
    const scouts = lanes.slice(0, scoutLanes);
    const others = lanes.slice(scoutLanes);
    const last = laneTask(job, "last-lane", "last", 0);

    // A task is copied when it is added: what it depends on has to be known by then.
    for (const lane of scouts) {
        job.addTask(lane);
    }
    if (scouts.length > 0 && others.length > 0) {
        const gate = gateTask();
        for (const lane of scouts) {
            gate.addDependency(lane);
        }
        for (const lane of others) {
            lane.addDependency(gate);
        }
        job.addTask(gate);
    }
    for (const lane of others) {
        job.addTask(lane);
    }
    for (const lane of lanes) {
        last.addDependency(lane);
    }
    job.addTask(last);
}

// A lane: one run of the renderer that travels with the job. It opens the scene itself, so that Blender gets none.
function laneTask(job, name, lane, steps) {
    const settings = job.settings;
    const stateDir = inFolder(settings.storage, ".farmhand/" + settings.submission_id + "-" + job.jobID);
    const task = author.Task(name, "blender");
    task.addCommand(author.Command("blender-render", {
        exe: "{" + (settings.blender || "blender") + "}",
        // Not the Manager's own: they let Python in a scene run whoever sent it (-y), which Farmhand asks for job by job.
        exeArgs: "",
        argsBefore: ["-b", "--factory-startup"],
        blendfile: "",
        args: [
            "--python", settings.renderer, "--",
            "lane", "--job-file", settings.job_file, "--state-dir", stateDir, "--lane", lane,
        ],
    }, steps));
    return task;
}

function gateTask() {
    const task = author.Task("approve the scouts", GATE_TYPE);
    task.addCommand(author.Command("echo", {
        message: "The first, middle and last frame are rendered. Set this task completed to have the rest rendered.",
    }, 0));
    return task;
}

// Windows takes both separators, the other systems this one alone.
function inFolder(folder, path) {
    const separator = folder.endsWith("/") || folder.endsWith("\\") ? "" : "/";
    return folder + separator + path;
}

// How many frames there are in text such as '-5--1, 1-9:2, 20'.
function countFrames(frames) {
    let count = 0;
    for (const part of frames.split(",")) {
        const match = /^\s*(-?\d+)(?:-(-?\d+)(?::(\d+))?)?\s*$/.exec(part);
        if (!match) {
            throw "these frames are not understood: " + frames;
        }
        const first = Number(match[1]);
        const end = match[2] === undefined ? first : Number(match[2]);
        const step = match[3] === undefined ? 1 : Number(match[3]);
        count += Math.floor((end - first) / step) + 1;
    }
    return count;
}
