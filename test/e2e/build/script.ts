/** A step that does what an overlay makes hard to tell; times that can be compared are set. */
export const SCRIPT = `
set -e
cd /data
: >>same; chmod 751 keep; touch -r b a
mkdir -p keep/made/deep && touch -d @1600000000 keep/made/deep && rm -r keep/made && touch -d @1600000001 keep
rm -r gone
rm -r opaque; mkdir opaque; chown 33:44 opaque; echo 2 >opaque/2; touch -d @1600000002 opaque/2 opaque
echo more >>b; touch -d @1600000003 b
ln c c2; touch -d @1600000004 c
echo new >n1; ln n1 n2; touch -d @1600000005 n1; chown 33:44 n1; chmod 6711 n1
ln -s /nowhere sym; touch -h -d @1600000006 sym; chown -h 33:44 sym
mkfifo fifo; touch -d @1600000007 fifo
probe socket sock
mv move moved; touch -d @1600000008 moved moved/inner
rm -r switch; echo file >switch; touch -d @1600000009 switch
rm plain; mkdir plain; touch -d @1600000010 plain
echo x >attr; probe xattr attr user.hello 00ff; touch -d @1600000011 attr
echo x >caps; probe xattr caps security.capability ${'0100000200040000000000000000000000000000'}; touch -d @1600000012 caps
echo more >>cap; touch -d @1600000013 cap
chmod 4711 suid
printf 'odd' >"$(printf 'odd\\303\\050name')"; touch -d @1600000015 odd*
touch -d @1600000016 .
echo kept >/etc/own; touch -d @1600000017 /etc/own /etc
echo 127.0.0.9 mine >>/etc/hosts
`;
