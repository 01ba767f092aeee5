// A worker: its timer keeps its pace when the page is in the background.
setInterval(() => postMessage("tick"), 1000);
