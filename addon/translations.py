# SPDX-License-Identifier: GPL-3.0-or-later
"""What the add-on says in other languages. What the library says (findings, reasons) comes in English."""

from __future__ import annotations

import bpy

from . import words

_GERMAN = {
    "1 error": "1 Fehler",
    "1 file": "1 Datei",
    "1 frame": "1 Bild",
    "1 worker, asleep": "1 Rechner, schläft",
    "1 worker, awake": "1 Rechner, wach",
    "A copy is saved beside the file and sent; the file stays as it is on the disk": (
        "Neben der Datei wird eine Kopie gespeichert und gesendet; die Datei selbst bleibt, wie sie ist"
    ),
    "A folder as this computer sees it": "Ein Ordner, wie dieser Computer ihn sieht",
    "A path of this computer, to see what the rules make of it": (
        "Ein Pfad dieses Computers, um zu sehen, was die Regeln daraus machen"
    ),
    "A scene is being sent already": "Es wird schon eine Szene gesendet",
    "A strip in the Video Sequencer": "Ein Streifen im Videoschnitt",
    "A token (Authorization: Bearer)": "Ein Token (Authorization: Bearer)",
    "A token in a header of another name": "Ein Token in einer Kopfzeile anderen Namens",
    "Active": "Laufend",
    "Add Farm": "Farm hinzufügen",
    "Add Rule": "Regel hinzufügen",
    "Add a farm: a Flamenco Manager, or the proxy before it": (
        "Eine Farm hinzufügen: einen Flamenco-Manager oder den Proxy davor"
    ),
    "Address": "Adresse",
    "All": "Alle",
    "An image for the Image Editor, and for textures": "Ein Bild für den Bildeditor und für Texturen",
    "And {count} more": "Und {count} weitere",
    "And {frames} more failed": "Und {frames} mehr fehlgeschlagen",
    "Approve and Go On": "Freigeben und weiter",
    "As": "Als",
    "Ask this farm whether it answers, and lets you in": "Diese Farm fragen, ob sie antwortet und Sie einlässt",
    "Being prepared": "Wird vorbereitet",
    "Blender": "Blender",
    "By how many pages": "Um wie viele Seiten",
    "Cancel": "Abbrechen",
    "Cancel Job": "Auftrag abbrechen",
    "Cancel this job. Frames that are rendered already stay": (
        "Diesen Auftrag abbrechen. Bilder, die schon gerendert sind, bleiben"
    ),
    "Cancelled": "Abgebrochen",
    "Cancelling": "Wird abgebrochen",
    "Check": "Prüfen",
    "Check the Saved File": "Gespeicherte Datei prüfen",
    "Checking the scene": "Die Szene wird geprüft",
    "Checks": "Prüfung",
    "Choose Farm": "Farm wählen",
    "Code": "Kennung",
    "Current Frame": "Aktuelles Bild",
    "Dismiss": "Ausblenden",
    "Done": "Fertig",
    "Early Look": "Früher Blick",
    "Early Look, Then Wait": "Früher Blick, dann warten",
    "Every job": "Jeder Auftrag",
    "Existing": "Vorhandene",
    "Failed": "Fehlgeschlagen",
    "Farm": "Farm",
    "Farmhand": "Farmhand",
    "Farms": "Farmen",
    "Files": "Dateien",
    "Files of the scene are being mended": "Dateien der Szene werden gerade in Ordnung gebracht",
    "Files of the scene are being mended already": "Dateien der Szene werden schon in Ordnung gebracht",
    "Fix": "Beheben",
    "Folder": "Ordner",
    "Folder Here": "Ordner hier",
    "Folders can be opened only where Blender has a window": (
        "Ordner lassen sich nur öffnen, wo Blender ein Fenster hat"
    ),
    "Forget this farm, and the token that was kept for it. Its jobs go on": (
        "Diese Farm und ihr Token vergessen. Ihre Aufträge gehen weiter"
    ),
    "Forget this rule": "Diese Regel vergessen",
    "Frame {frame} failed: {message}": "Bild {frame} ist fehlgeschlagen: {message}",
    "Frames": "Bilder",
    "Frames and ranges, separated by commas; a step follows a colon. Example: 1-10, 20, 30-100:2": (
        "Bilder und Bereiche, durch Kommas getrennt; eine Schrittweite folgt nach einem Doppelpunkt. "
        "Beispiel: 1-10, 20, 30-100:2"
    ),
    "From the scene's first frame to its last, by its step": (
        "Vom ersten Bild der Szene bis zum letzten, in ihrer Schrittweite"
    ),
    "Have new scenes begin with this order, priority, and what becomes of existing frames": (
        "Neue Szenen mit dieser Reihenfolge, dieser Priorität und diesem Umgang mit vorhandenen Bildern beginnen lassen"
    ),
    "Header": "Kopfzeile",
    "Hold this job. Frames that are in work are rendered again later": (
        "Diesen Auftrag anhalten. Bilder, die in Arbeit sind, werden später neu gerendert"
    ),
    "How far the scene is on its way to the farm": "Wie weit die Szene auf dem Weg zur Farm ist",
    "How many frames this computer renders side by side. One is fastest for most scenes; "
    "more pay where a frame leaves processor cores idle": (
        "Wie viele Bilder dieser Computer nebeneinander rendert. Für die meisten Szenen ist eines am schnellsten; "
        "mehr lohnen sich, wo ein Bild Prozessorkerne ungenutzt lässt"
    ),
    "How much of the job is rendered": "Wie viel vom Auftrag gerendert ist",
    "How the farm knows you": "Woran die Farm Sie erkennt",
    "Image Sequence": "Bildsequenz",
    "In Order": "Der Reihe nach",
    "Job": "Auftrag",
    "Jobs": "Aufträge",
    "Jobs that ended without all of their frames": "Aufträge, die ohne alle Bilder geendet haben",
    "Jobs that still render, or wait": "Aufträge, die noch rendern oder warten",
    "Jobs whose frames are all there": "Aufträge, deren Bilder alle da sind",
    "Jobs with a higher priority are rendered first": "Aufträge mit höherer Priorität werden zuerst gerendert",
    "Keep": "Behalten",
    "Keep as My Defaults": "Als Vorgabe behalten",
    "Kept in a file that you alone can read": "Wird in einer Datei aufbewahrt, die nur Sie lesen können",
    "Last Job": "Letzter Auftrag",
    "Leave what is there alone, and write to a folder of its own": (
        "Was da ist, in Ruhe lassen und in einen eigenen Ordner schreiben"
    ),
    "Let Python that is stored in this file run where it is rendered. Only for files that you trust": (
        "Python, das in dieser Datei steckt, beim Rendern ausführen. Nur für Dateien, denen Sie trauen"
    ),
    "Let the token go unencrypted to another computer. Only where the network is trusted": (
        "Das Token unverschlüsselt an einen anderen Computer senden. Nur, wo dem Netz zu trauen ist"
    ),
    "Let this job go on. Where it waits for you to look at its first frames, this approves them": (
        "Diesen Auftrag weitergehen lassen. Wo er auf einen Blick auf seine ersten Bilder wartet, gibt dies sie frei"
    ),
    "Letters, digits, - and _": "Buchstaben, Ziffern, - und _",
    "List": "Liste",
    "List only jobs that were sent by you": "Nur Aufträge zeigen, die Sie gesendet haben",
    "Load Frames": "Bilder laden",
    "Load as Image Sequence": "Als Bildsequenz laden",
    "Load as Strip": "Als Streifen laden",
    "Load the rendered frames of this job, to look at them": (
        "Die gerenderten Bilder dieses Auftrags laden, um sie anzusehen"
    ),
    "Look at the file on the disk, and say what would be sent and what stands in the way. Nothing is sent": (
        "Die gespeicherte Datei ansehen und sagen, was gesendet würde und was im Weg steht. Nichts wird gesendet"
    ),
    "Look for missing files below a folder, by their names, and use those that are found": (
        "Fehlende Dateien nach ihren Namen unter einem Ordner suchen und die gefundenen verwenden"
    ),
    "Markers": "Marker",
    "Mend what was found in the scene, as one step that can be undone": (
        "In Ordnung bringen, was in der Szene gefunden wurde, als ein Schritt, der sich rückgängig machen lässt"
    ),
    "Mine Only": "Nur meine",
    "More": "Mehr",
    "Name": "Name",
    "Name and Password": "Name und Passwort",
    "New Folder": "Neuer Ordner",
    "New Scenes Begin With": "Neue Szenen beginnen mit",
    "No jobs yet": "Noch keine Aufträge",
    "No rule says anything of it": "Keine Regel sagt etwas darüber",
    "No scene is being sent": "Es wird keine Szene gesendet",
    "Not at All": "Gar nicht",
    "Nothing stands in the way": "Nichts steht im Weg",
    "Nothing was sent; this stands in the way:": "Nichts wurde gesendet; dies steht im Weg:",
    "Objects can be selected in Object Mode only": "Objekte lassen sich nur im Objektmodus auswählen",
    "On Workers": "Auf den Rechnern",
    "One frame after the other": "Ein Bild nach dem anderen",
    "Open Folder": "Ordner öffnen",
    "Open the folder with the rendered frames": "Den Ordner mit den gerenderten Bildern öffnen",
    "Order": "Reihenfolge",
    "Output": "Ausgabe",
    "Page": "Seite",
    "Page {page} of {pages}": "Seite {page} von {pages}",
    "Pause Job": "Auftrag anhalten",
    "Paused": "Angehalten",
    "Pausing": "Wird angehalten",
    "Picture": "Bild",
    "Preview Range": "Vorschaubereich",
    "Priority": "Priorität",
    "Priority…": "Priorität…",
    "Progress": "Fortschritt",
    "Putting the job together": "Der Auftrag wird gepackt",
    "Reading the scene": "Die Szene wird gelesen",
    "Remove Farm": "Farm entfernen",
    "Remove Rule": "Regel entfernen",
    "Render": "Rendern",
    "Render 1 Frame": "1 Bild rendern",
    "Render 1 Frame on {farm}": "1 Bild rendern: {farm}",
    "Render frames that are there already again": "Bilder, die schon da sind, neu rendern",
    "Render on the Farm": "Auf der Farm rendern",
    "Render on {farm}": "Rendern: {farm}",
    "Render only frames that are not there yet": "Nur Bilder rendern, die noch nicht da sind",
    "Render the failed frames of this job again, or let a cancelled job go on": (
        "Die fehlgeschlagenen Bilder dieses Auftrags neu rendern oder einen abgebrochenen weitergehen lassen"
    ),
    "Render with Unsaved Changes": "Mit ungespeicherten Änderungen rendern",
    "Render {count} Frames": "{count} Bilder rendern",
    "Render {count} Frames on {farm}": "{count} Bilder rendern: {farm}",
    "Rendering": "Wird gerendert",
    "Renders at a Time": "Gleichzeitig gerendert",
    "Replace": "Ersetzen",
    "Resume Job": "Auftrag fortsetzen",
    "Retry Failed Frames": "Fehlgeschlagene Bilder wiederholen",
    "Run Python Scripts": "Python-Skripte ausführen",
    "Save": "Speichern",
    "Save As…": "Speichern unter…",
    "Save a copy beside the file and send that; the file stays as it is on the disk": (
        "Neben der Datei eine Kopie speichern und die senden; die Datei selbst bleibt, wie sie ist"
    ),
    "Save the File": "Datei speichern",
    "Save the file, then send it": "Die Datei speichern, dann senden",
    "Say when this job's turn is. Frames in work are left alone": (
        "Sagen, wann dieser Auftrag an der Reihe ist. Bilder in Arbeit bleiben in Ruhe"
    ),
    "Say where the farm's workers see a folder of this computer": (
        "Sagen, wo die Rechner der Farm einen Ordner dieses Computers sehen"
    ),
    "Scene": "Szene",
    "Scene Range": "Szenenbereich",
    "Search Here": "Hier suchen",
    "Search…": "Suchen…",
    "Select": "Auswählen",
    "Select and show what this is about": "Auswählen und zeigen, worum es geht",
    "Send": "Senden",
    "Send a Copy": "Kopie senden",
    "Send this scene to the farm, and ask first what to do about changes that are not on the disk yet": (
        "Diese Szene an die Farm senden und erst fragen, was mit ungespeicherten Änderungen geschehen soll"
    ),
    "Send this scene to the farm. The farm reads the file from the disk: unsaved changes are saved first": (
        "Diese Szene an die Farm senden. Die Farm liest die Datei von der Platte: Änderungen werden erst gespeichert"
    ),
    "Send to this farm from now on, and show its jobs": "Von jetzt an an diese Farm senden und ihre Aufträge zeigen",
    "Sending": "Senden",
    "Sending the job": "Der Auftrag wird gesendet",
    "Sent": "Gesendet",
    "Set Priority": "Priorität setzen",
    "Show Log": "Protokoll zeigen",
    "Show other jobs of the list": "Andere Aufträge der Liste zeigen",
    "Show what else can be done with this job": "Zeigen, was sich mit diesem Auftrag noch tun lässt",
    "Show what this job has printed so far, in the Text Editor": (
        "Im Texteditor zeigen, was dieser Auftrag bisher ausgegeben hat"
    ),
    "Sign In": "Anmeldung",
    "Starting": "Es beginnt",
    "Starting the farm on this computer": "Die Farm auf diesem Computer startet",
    "Step": "Schritt",
    "Stop Sending": "Senden abbrechen",
    "Stop sending the scene. What was sent already does no harm": (
        "Die Szene nicht weiter senden. Was schon gesendet ist, schadet nicht"
    ),
    "Strip": "Streifen",
    "Such as https://farm.example.com": "Etwa https://farm.example.com",
    "Take the messages away": "Die Meldungen ausblenden",
    "Test": "Testen",
    "Test Connection": "Verbindung testen",
    "The Blender that renders on this computer. Empty: the one that is open": (
        "Das Blender, das auf diesem Computer rendert. Leer: das geöffnete"
    ),
    "The farm lets everybody in": "Die Farm lässt alle ein",
    "The farm reads the file from the disk, and there are changes that are not saved.": (
        "Die Farm liest die Datei von der Platte, und es gibt ungespeicherte Änderungen."
    ),
    "The farm that scenes are sent to, by its name": "Die Farm, an die Szenen gesendet werden, mit ihrem Namen",
    "The farm's name": "Der Name der Farm",
    "The farm's name, or local": "Der Name der Farm oder local",
    "The file is read-only.": "Die Datei ist schreibgeschützt.",
    "The file on the disk is replaced, then sent": "Die Datei auf der Platte wird ersetzt, dann gesendet",
    "The frame that is shown now": "Das Bild, das jetzt gezeigt wird",
    "The frames that the timeline's markers stand on": "Die Bilder, auf denen die Marker der Zeitleiste stehen",
    "The frames written below": "Die Bilder, die darunter stehen",
    "The header's name": "Der Name der Kopfzeile",
    "The job that this scene was sent as most recently": "Der Auftrag, als der diese Szene zuletzt gesendet wurde",
    "The rule's folder": "Der Ordner der Regel",
    "The same folder as workers see it": "Derselbe Ordner, wie die Rechner der Farm ihn sehen",
    "The scene is being checked already": "Die Szene wird schon geprüft",
    "The scene lies in another file; fix it there": "Die Szene liegt in einer anderen Datei; dort ist es zu beheben",
    "The timeline has no preview range": "Die Zeitleiste hat keinen Vorschaubereich",
    "The timeline's preview range": "Der Vorschaubereich der Zeitleiste",
    "There are no markers in the timeline": "In der Zeitleiste stehen keine Marker",
    "There is no message": "Es gibt keine Meldung",
    "This Computer": "Dieser Computer",
    "Three frames first (first, middle and last), then the others": (
        "Erst drei Bilder (das erste, das mittlere und das letzte), dann die anderen"
    ),
    "Three frames first; the others once you have approved them": (
        "Erst drei Bilder; die anderen, wenn Sie diese freigegeben haben"
    ),
    "Token": "Token",
    "Token or Password": "Token oder Passwort",
    "Try a Path": "Pfad ausprobieren",
    "Turn Page": "Blättern",
    "Unencrypted": "Unverschlüsselt",
    "Unsaved Changes": "Ungespeicherte Änderungen",
    "User": "Benutzer",
    "Waiting": "Wartet",
    "What to do about changes that are not on the disk yet": (
        "Was mit Änderungen geschehen soll, die noch nicht gespeichert sind"
    ),
    "What to do about frames that are there already": "Was mit Bildern geschehen soll, die schon da sind",
    "What to make of the frames": "Was aus den Bildern werden soll",
    "Where Workers See Folders": "Wo Rechner Ordner sehen",
    "Where to look, however deep": "Wo gesucht werden soll, beliebig tief",
    "Which finding to fix": "Welcher Befund behoben werden soll",
    "Which folder to open": "Welcher Ordner geöffnet werden soll",
    "Which frames are rendered first": "Welche Bilder zuerst gerendert werden",
    "Which frames to render": "Welche Bilder gerendert werden",
    "Which job; the one that this scene was sent as last where none is given": (
        "Welcher Auftrag; wo keiner genannt ist, der, als der diese Szene zuletzt gesendet wurde"
    ),
    "Which jobs to list": "Welche Aufträge gezeigt werden",
    "Which part of the list is shown": "Welcher Teil der Liste gezeigt wird",
    "Whose things to select": "Wessen Dinge ausgewählt werden",
    "Your name and a password (Authorization: Basic)": "Ihr Name und ein Passwort (Authorization: Basic)",
    "Your name there": "Ihr Name dort",
    "connecting…": "wird verbunden…",
    "error": "Fehler",
    "errors": "Fehler",
    "note": "Hinweis",
    "notes": "Hinweise",
    "offline": "nicht erreichbar",
    "ready": "bereit",
    "warning": "Warnung",
    "warnings": "Warnungen",
    "{awake} of {count} workers awake": "{awake} von {count} Rechnern wach",
    "{count} failed": "{count} fehlgeschlagen",
    "{count} files": "{count} Dateien",
    "{count} frames": "{count} Bilder",
    "{done} of {frames}": "{done} von {frames}",
    "{job} is done: {frames}": "{job} ist fertig: {frames}",
    "{job} waits until its scouts are approved": "{job} wartet, bis seine ersten Bilder freigegeben sind",
    words.STAY_OFFLINE: ("Blender soll offline bleiben: Online-Zugriff in Einstellungen > System > Netzwerk erlauben"),
    words.NEVER_SAVED: "Erst die Datei speichern: die Farm liest sie von der Platte",
    words.LINKED_SCENE: "Die Szene liegt in {file}: zum Senden diese Datei öffnen",
    words.NO_OTHER_FARM: "Senden rendert auf diesem Computer. Eine andere Farm kommt mit dem Pluszeichen hinzu",
    words.OFFLINE: "Die Farm ist nicht erreichbar: {message}",
    words.CUT_OFF: (
        "Das Senden von {file} brach ab, als Blender endete; wo der Auftrag unten fehlt, bitte noch einmal senden"
    ),
}


def of_language(translated: dict[str, str]) -> dict[tuple[str, str], str]:
    """Return translations as Blender takes them; the names of operators have a context of their own."""
    contexts = ("*", "Operator")
    return {(context, text): own for text, own in translated.items() for context in contexts}


def register() -> None:
    """Speak Blender's language; newer Blenders call German `de`, older ones `de_DE`."""
    german = of_language(_GERMAN)
    bpy.app.translations.register(__package__, {"de_DE": german, "de": german})
    words.use_translator(bpy.app.translations.pgettext_iface)


def unregister() -> None:
    """Fall silent."""
    words.use_translator(str)
    bpy.app.translations.unregister(__package__)
